#include "vit/core/text.hpp"

#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <stdexcept>

namespace vit::config {
namespace {

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

}  // namespace

std::string parse_scalar(const TypeInfo& type, void* value, const Node& node) {
  if (type.kind == Kind::kExtent) return parse_extent(as<Extent>(value), node);
  if (type.kind == Kind::kYaml) return as<Yaml>(value) = Yaml(node), "";
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

}  // namespace vit::config
