#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>

#include "vit/core/text.hpp"

namespace vit::config {
namespace {

template <class T>
T& as(void* value) {
  return *static_cast<T*>(value);
}
template <class T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string parse_bool(bool& value, const Node& node) {
  constexpr std::string_view kTrue[] = {"true", "True", "TRUE"};
  constexpr std::string_view kFalse[] = {"false", "False", "FALSE"};
  const auto is_one_of = [&](const auto& words) {
    return std::count(std::begin(words), std::end(words), node.text) > 0;
  };
  if (is_one_of(kTrue)) return value = true, "";
  if (is_one_of(kFalse)) return value = false, "";
  const std::string wrong = fmt::format("expected bool, got '{}'", node.text);
  for (const std::string_view word : {"yes", "Yes", "on", "On", "1"}) {
    if (node.text == word) return wrong + "; write true";
  }
  for (const std::string_view word : {"no", "No", "off", "Off", "0"}) {
    if (node.text == word) return wrong + "; write false";
  }
  return wrong;
}

std::string parse_int(int64_t& value, const Node& node) {
  const std::string wrong = fmt::format("expected int, got '{}'", node.text);
  if (const auto number = parse_number<int64_t>(node.text)) return value = *number, "";
  const auto real = parse_number<double>(node.text);
  if (!real) return wrong;
  if (std::abs(*real) >= 9.2e18) return wrong + ", which is too large";
  if (*real == std::floor(*real))
    return fmt::format("{}; write {}", wrong, static_cast<int64_t>(*real));
  return wrong;
}

std::string parse_float(double& value, const Node& node) {
  const std::string wrong = fmt::format("expected float, got '{}'", node.text);
  const std::string_view text = node.text;
  const bool is_special = text.find("inf") != text.npos || text.find("nan") != text.npos;
  const auto number = is_special ? std::nullopt : parse_number<double>(text);
  if (number && std::isfinite(*number)) return value = *number, "";
  const bool has_digit = text.find_first_of("0123456789") != text.npos;
  const bool is_out_of_range =
      !is_special && has_digit && !number && text.find_first_not_of("+-.0123456789eE") == text.npos;
  if (is_out_of_range && std::count(text.begin(), text.end(), '.') <= 1)
    return wrong + ", which is not a finite number";
  return wrong;
}

std::string parse_path(std::filesystem::path& value, const Node& node) {
  namespace fs = std::filesystem;
  fs::path path = node.text;
  const char* home = std::getenv("HOME");
  if (home != nullptr && (node.text == "~" || node.text.starts_with("~/"))) {
    path = fs::path(home) /
           path.relative_path().string().substr(std::min<size_t>(2, node.text.size()));
  }
  if (!path.empty() && path.is_relative()) {
    const fs::path folder = node.source == nullptr ? fs::path() : node.source->folder;
    path = fs::absolute(folder / path).lexically_normal();
  }
  value = path;
  return "";
}

std::string parse_extent(Extent& value, const Node& node) {
  const std::string wrong =
      fmt::format("expected a size such as 224 or [height, width], got {}", what_it_is(node));
  if (node.kind == Node::Kind::kScalar) {
    const size_t times = node.text.find('x');
    const auto height = parse_number<int64_t>(std::string_view(node.text).substr(0, times));
    const auto width = times == std::string::npos
                           ? height
                           : parse_number<int64_t>(std::string_view(node.text).substr(times + 1));
    if (!height || !width) return wrong;
    value = {*height, *width};
    return "";
  }
  if (node.kind != Node::Kind::kList || node.items.size() != 2) return wrong;
  const auto height = parse_number<int64_t>(node.items[0].text),
             width = parse_number<int64_t>(node.items[1].text);
  if (!height || !width) return wrong;
  value = {*height, *width};
  return "";
}

std::string parse_enum(const TypeInfo& type, void* value, const Node& node) {
  for (const EnumName& name : type.names) {
    if (name.name == node.text) return type.set_enum(value, name.value), "";
  }
  const std::vector<std::string> words = enum_words(type);
  const std::string guess = closest(node.text, words);
  const std::string question = guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess);
  return fmt::format("expected {}, got '{}'{}", quoted_words(words), node.text, question);
}

std::string_view word_for(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return "text";
    case Kind::kPath:
      return "path";
    case Kind::kDuration:
      return "duration";
    case Kind::kExtent:
      return "size";
    default:
      return "value";
  }
}

bool is_reserved(std::string_view text) {
  constexpr std::string_view kWords[] = {"true", "false", "yes", "no",  "on",
                                         "off",  "y",     "n",   "null"};
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::count(std::begin(kWords), std::end(kWords), lower) > 0;
}

bool is_plain(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || text.back() == ' ' || is_reserved(text)) return false;
  if (!is_letter(text[0]) && text[0] != '_' && text[0] != '/') return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("_-./+ ").find(c) != std::string_view::npos;
  });
}

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

bool is_scalar(Kind kind) {
  return kind != Kind::kList && kind != Kind::kOptional && kind != Kind::kStruct &&
         kind != Kind::kComponent;
}

std::string parse_scalar(const TypeInfo& type, void* value, const Node& node) {
  if (type.kind == Kind::kExtent) return parse_extent(as<Extent>(value), node);
  if (node.kind != Node::Kind::kScalar) {
    const std::string expected = type.kind == Kind::kEnum ? quoted_words(enum_words(type))
                                                          : std::string(word_for(type.kind));
    return fmt::format("expected {}, got {}", expected, what_it_is(node));
  }
  const bool is_word =
      type.kind == Kind::kBool || type.kind == Kind::kInt || type.kind == Kind::kFloat;
  if (is_word && node.is_quoted) {
    return fmt::format("expected {}, got the text '{}' in quotes", word_for(type.kind), node.text);
  }
  switch (type.kind) {
    case Kind::kBool:
      return parse_bool(as<bool>(value), node);
    case Kind::kInt:
      return parse_int(as<int64_t>(value), node);
    case Kind::kFloat:
      return parse_float(as<double>(value), node);
    case Kind::kString:
      return as<std::string>(value) = node.text, "";
    case Kind::kPath:
      return parse_path(as<std::filesystem::path>(value), node);
    case Kind::kEnum:
      return parse_enum(type, value, node);
    case Kind::kDuration:
      try {
        as<Duration>(value) = parse_duration(node.text);
        return "";
      } catch (const std::invalid_argument& error) {
        return error.what();
      }
    default:
      return "";
  }
}

std::string format_float(double value) {
  std::string text = fmt::format("{}", value);
  const size_t exponent = text.find('e');
  std::string mantissa = text.substr(0, exponent);
  if (mantissa.find_first_not_of("-0123456789") == std::string::npos) mantissa += ".0";
  if (exponent == std::string::npos) return mantissa;
  const char sign = text[exponent + 1];  // fmt writes e-05 and e+20
  const size_t digits = text.find_first_not_of('0', exponent + 2);
  return fmt::format("{}e{}{}", mantissa, sign, text.substr(digits));
}

std::string quoted_if_needed(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string result = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (text.substr(i, 2) == "${") {
      result += "$$";
    } else if (c == '"' || c == '\\') {
      result += '\\';
      result += text[i];
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      result += fmt::format("\\x{:02x}", c);
    } else {
      result += text[i];
    }
  }
  return result + "\"";
}

std::string format_scalar(const TypeInfo& type, const void* value) {
  switch (type.kind) {
    case Kind::kBool:
      return as<bool>(value) ? "true" : "false";
    case Kind::kInt:
      return fmt::format("{}", as<int64_t>(value));
    case Kind::kFloat:
      return format_float(as<double>(value));
    case Kind::kString:
      return quoted_if_needed(as<std::string>(value));
    case Kind::kPath:
      return quoted_if_needed(as<std::filesystem::path>(value).string());
    case Kind::kDuration:
      return to_string(as<Duration>(value));
    case Kind::kExtent: {
      const Extent& extent = as<Extent>(value);
      return extent.height == extent.width ? fmt::format("{}", extent.height)
                                           : fmt::format("[{}, {}]", extent.height, extent.width);
    }
    case Kind::kEnum:
      for (const EnumName& name : type.names) {
        if (name.value == type.enum_value(value)) return quoted_if_needed(name.name);
      }
      return "null";
    default:
      return "";
  }
}

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

std::string type_text(const TypeInfo& type) {
  switch (type.kind) {
    case Kind::kEnum:
      return join_words(enum_words(type), "or");
    case Kind::kOptional:
      return type_text(type.element()) + ", or null";
    case Kind::kList:
      return "list of " + type_text(type.element());
    case Kind::kStruct:
      return "section";
    case Kind::kComponent:
      return "named section";
    default:
      return std::string(word_for(type.kind));
  }
}

std::string quoted_words(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back("'" + word + "'");
  return join_words(quoted, "or");
}

std::vector<std::string> enum_words(const TypeInfo& type) {
  std::vector<std::string> words;
  for (const EnumName& name : type.names) words.emplace_back(name.name);
  return words;
}

}  // namespace vit::config
