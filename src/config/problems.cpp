#include "vit/config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace vit::config {
namespace {

std::vector<Problem> in_order(std::vector<Problem> list) {
  std::stable_sort(list.begin(), list.end(), [](const Problem& a, const Problem& b) {
    const auto place = [](const Problem& p) {
      return std::tuple(p.origin.order, p.origin.line, p.origin.column);
    };
    return place(a) < place(b);
  });
  return list;
}

std::string headline(size_t count) {
  return fmt::format("{} problem{} in the configuration", count, count == 1 ? "" : "s");
}

// The line of the file and a mark below the column.
std::string excerpt(const Origin& origin) {
  constexpr size_t kLongestLine = 200;
  if (origin.line == 0 || origin.source_line.size() > kLongestLine) return "";
  std::string line = origin.source_line;
  std::replace(line.begin(), line.end(), '\t', ' ');
  const std::string number = std::to_string(origin.line);
  return fmt::format("\n     {} | {}\n     {:{}} | {:{}}^", number, line, "", number.size(), "",
                     origin.column - 1);
}

}  // namespace

std::string Problem::message() const {
  std::string result = origin.place;
  if (!key.empty()) result += (result.empty() ? "" : ": ") + key;
  return result + (result.empty() ? "" : ": ") + text;
}

void Problems::require(bool holds, std::string_view key, std::string_view text) {
  if (!holds) add(key, text);
}

void Problems::add(std::string_view key, std::string_view text) {
  list_.push_back({{}, std::string(key), std::string(text)});
}

void Problems::add(Problem problem) { list_.push_back(std::move(problem)); }

void Problems::add(const Problems& others) {
  list_.insert(list_.end(), others.list_.begin(), others.list_.end());
}

std::string Problems::text() const {
  std::string result = headline(size());
  for (const Problem& problem : in_order(list_)) result += "\n  " + problem.message();
  return result;
}

std::string Problems::detailed_text() const {
  std::string result = headline(size());
  std::vector<std::string> sections;  // of unknown keys
  for (const Problem& problem : in_order(list_)) {
    result += "\n  " + problem.message() + excerpt(problem.origin);
    const std::string section = problem.key.substr(0, problem.key.find('.'));
    const bool is_section = problem.unknown_key && section != problem.key;
    if (is_section && std::find(sections.begin(), sections.end(), section) == sections.end())
      sections.push_back(section);
  }
  for (const std::string& section : sections) {
    result += fmt::format("\n  all keys of this section: vit-train --help-config {}", section);
  }
  return result;
}

}  // namespace vit::config
