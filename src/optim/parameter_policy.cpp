#include "vit/optim/parameter_policy.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <regex>
#include <set>

namespace vit {
namespace {

// What a rule that matches nothing may have meant: a whole name, or a part between dots with a name
// that has it.
std::string suggestion(const std::string& match, const NamedTensors& parameters) {
  std::vector<std::string> names, parts;
  std::set<std::string> seen;
  for (const auto& [name, tensor] : parameters) {
    names.push_back(name);
    for (size_t begin = 0; begin <= name.size();) {
      const size_t end = std::min(name.find('.', begin), name.size());
      std::string part = name.substr(begin, end - begin);
      if (seen.insert(part).second) parts.push_back(std::move(part));
      begin = end + 1;
    }
  }
  std::string plain;  // without the signs of regular expressions
  for (const char c : match) {
    if (std::string_view("\\^$*+?()[]{}|").find(c) == std::string_view::npos) plain += c;
  }
  if (const std::string near = closest(plain, names); !near.empty()) {
    return fmt::format("; did you mean '{}'?", near);
  }
  const std::string near = closest(plain, parts);
  if (near.empty()) return "";
  const auto example =
      std::ranges::find_if(names, [&](const std::string& n) { return n.find(near) != n.npos; });
  return fmt::format("; did you mean '{}', as in {}?", near, *example);
}

// One rule at work.
class Matcher {
 public:
  Matcher(const ParameterRule& rule, size_t index)
      : rule_(rule), place_(fmt::format("parameters[{}]: match: '{}'", index, rule.match)) {
    try {
      expression_.assign(rule.match, std::regex::ECMAScript);
    } catch (const std::regex_error& error) {
      problem_ = fmt::format("{} is no regular expression ({})", place_, error.what());
    }
  }

  bool finds(const std::string& name) {
    const bool found = problem_.empty() && std::regex_search(name, expression_);
    has_matched_ = has_matched_ || found;
    return found;
  }

  ParameterTraits decide() {
    has_decided_ = true;
    return {.decay = rule_.decay, .lr_scale = rule_.lr_scale, .frozen = rule_.frozen};
  }

  // What is wrong with the rule, once all names were tried.
  std::string problem(const NamedTensors& parameters) const {
    if (!problem_.empty() || has_matched_) return problem_;
    return place_ + " matches no parameter" + suggestion(rule_.match, parameters);
  }

  void warn_if_idle() const {
    if (has_matched_ && !has_decided_) {
      spdlog::warn("{} decides nothing: earlier rules take every parameter it matches", place_);
    }
  }

 private:
  const ParameterRule& rule_;
  std::string place_, problem_;
  std::regex expression_;
  bool has_matched_ = false, has_decided_ = false;
};

void throw_problems(const std::vector<std::string>& problems, const NamedTensors& parameters) {
  constexpr size_t kShown = 8;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(parameters.size(), kShown); ++i) {
    names.push_back(parameters[i].name);
  }
  throw ConfigError(fmt::format("{}\nthe parameters are called {}{}", join(problems, "\n"),
                                join(names, ", "), parameters.size() > kShown ? ", ..." : ""));
}

}  // namespace

std::vector<ParameterTraits> apply_policy(const std::vector<ParameterRule>& rules,
                                          const NamedTensors& parameters) {
  std::vector<Matcher> matchers;
  for (size_t i = 0; i < rules.size(); ++i) matchers.emplace_back(rules[i], i);

  std::vector<ParameterTraits> traits(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    bool is_decided = false;
    for (Matcher& matcher : matchers) {
      if (matcher.finds(parameters[i].name) && !is_decided) {
        traits[i] = matcher.decide();
        is_decided = true;
      }
    }
  }

  std::vector<std::string> problems;
  for (const Matcher& matcher : matchers) {
    std::string problem = matcher.problem(parameters);
    if (!problem.empty()) problems.push_back(std::move(problem));
  }
  if (!problems.empty()) throw_problems(problems, parameters);
  if (std::ranges::all_of(traits, &ParameterTraits::frozen)) {
    throw ConfigError(
        "the rules under `parameters` freeze every parameter: nothing is left to train");
  }
  for (const Matcher& matcher : matchers) matcher.warn_if_idle();
  return traits;
}

}  // namespace vit
