#include "vit/core/text.hpp"

#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vit::config {
namespace {

// Numbers that a check looks at, whatever the type.
std::vector<double> numbers_in(const TypeInfo& type, const void* value) {
  switch (type.kind) {
    case Kind::kInt:
      return {static_cast<double>(as<int64_t>(value))};
    case Kind::kFloat:
      return {as<double>(value)};
    case Kind::kDuration:
      return {as<Duration>(value).value};
    case Kind::kExtent:
      return {static_cast<double>(as<Extent>(value).height),
              static_cast<double>(as<Extent>(value).width)};
    default:
      return {};
  }
}

bool holds(const Check& check, double x) {
  switch (check.kind) {
    case Check::Kind::kAbove:
      return x > check.low;
    case Check::Kind::kAtLeast:
      return x >= check.low;
    case Check::Kind::kBelow:
      return x < check.high;
    case Check::Kind::kAtMost:
      return x <= check.high;
    case Check::Kind::kRange:
      return x >= check.low && x <= check.high;
    default:
      return true;
  }
}

}  // namespace

std::string check_text(const Check& check) {
  std::vector<std::string> words;
  switch (check.kind) {
    case Check::Kind::kNone:
      return "";
    case Check::Kind::kAbove:
      return fmt::format("> {}", check.low);
    case Check::Kind::kAtLeast:
      return fmt::format(">= {}", check.low);
    case Check::Kind::kBelow:
      return fmt::format("< {}", check.high);
    case Check::Kind::kAtMost:
      return fmt::format("<= {}", check.high);
    case Check::Kind::kRange:
      return fmt::format("{} to {}", check.low, check.high);
    case Check::Kind::kNotEmpty:
      return "not empty";
    case Check::Kind::kOneOf:
      for (const char* word : check.words) {
        if (word != nullptr) words.emplace_back(word);
      }
      return join_words(words, "or");
  }
  return "";
}

std::string violation(const Check& check, const TypeInfo& type, const void* value) {
  if (check.kind == Check::Kind::kNone) return "";
  if (check.kind == Check::Kind::kNotEmpty) {
    const bool is_empty = type.kind == Kind::kString ? as<std::string>(value).empty()
                          : type.kind == Kind::kPath ? as<std::filesystem::path>(value).empty()
                          : type.kind == Kind::kList ? type.size(value) == 0
                                                     : false;
    return is_empty ? (type.kind == Kind::kList ? "must not be an empty list" : "must be given")
                    : "";
  }
  if (type.kind == Kind::kList || type.kind == Kind::kOptional) {
    for (int64_t i = 0; i < type.size(value); ++i) {
      std::string wrong = violation(check, type.element(), type.at(const_cast<void*>(value), i));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }
  if (check.kind == Check::Kind::kOneOf) {
    if (type.kind != Kind::kString) return "";
    const std::string& text = as<std::string>(value);
    std::vector<std::string> words;
    for (const char* word : check.words) {
      if (word != nullptr) words.emplace_back(word);
    }
    if (std::count(words.begin(), words.end(), text) > 0) return "";
    const std::string guess = closest(text, words);
    const std::string question = guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess);
    return fmt::format("must be {}, got '{}'{}", quoted_words(words), text, question);
  }
  for (const double x : numbers_in(type, value)) {
    if (holds(check, x)) continue;
    const bool is_range = check.kind == Check::Kind::kRange;
    const std::string bound =
        is_range ? fmt::format("between {} and {}", check.low, check.high) : check_text(check);
    const std::string got =
        type.kind == Kind::kFloat ? fmt::format("{}", x) : format_scalar(type, value);
    return fmt::format("must be {}, got {}", bound, got);
  }
  return "";
}

}  // namespace vit::config
