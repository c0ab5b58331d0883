#include "config/scalars.hpp"

#include "vit/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vit::config {
namespace {

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

}  // namespace

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
    case Kind::kYaml:
      return "YAML";
    default:
      return "value";
  }
}

bool is_scalar(Kind kind) {
  return kind != Kind::kList && kind != Kind::kOptional && kind != Kind::kStruct &&
         kind != Kind::kComponent;
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
    case Kind::kYaml:
      return as<Yaml>(value).text();
    case Kind::kEnum:
      for (const EnumName& name : type.names) {
        if (name.value == type.enum_value(value)) return quoted_if_needed(name.name);
      }
      return "null";
    default:
      return "";
  }
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
