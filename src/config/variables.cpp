// ${VAR} and ${VAR:-default} in values.
#include "config/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace vit::config {
namespace {

bool is_variable_name(std::string_view name) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), is_word);
}

// The position of the brace that closes the one before `start`.
size_t closing_brace(std::string_view text, size_t start) {
  int64_t open = 1;
  for (size_t i = start; i < text.size(); ++i) {
    if (text[i] == '{') ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::string_view::npos;
}

struct Expanded {
  std::string text, trouble;
  bool starts_with_variable = false;  // with its value, not its default
};

void expand_into(Expanded& result, std::string_view text) {
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    result.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      result.text += "${";
      text.remove_prefix(3);
      continue;
    }
    const size_t end = text.starts_with("${") ? closing_brace(text, 2) : std::string_view::npos;
    if (!text.starts_with("${") || end == std::string_view::npos) {
      if (text.starts_with("${")) result.trouble = "'${' without '}' (a plain ${ is written $${)";
      result.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::string_view inside = text.substr(2, end - 2);
    text.remove_prefix(end + 1);
    const size_t separator = inside.find(":-");
    const std::string name(inside.substr(0, separator));
    const char* value = std::getenv(name.c_str());
    if (!is_variable_name(name)) {
      result.trouble =
          fmt::format("'{}' is not the name of a variable (a plain ${{ is written $${{)", name);
    } else if (value != nullptr && (*value != '\0' || separator == std::string_view::npos)) {
      result.starts_with_variable |= result.text.empty() && *value != '\0';
      result.text += value;
    } else if (separator != std::string_view::npos) {
      expand_into(result, inside.substr(separator + 2));
    } else {
      result.trouble = fmt::format(
          "the environment variable {} is not set; ${{{}:-VALUE}} gives a default", name, name);
    }
  }
}

// A path that the environment gives is relative to where the program is called.
std::shared_ptr<const Source> at_working_directory(const Source& source) {
  auto here = std::make_shared<Source>(source);
  here->folder.clear();
  return here;
}

void expand(Node& node, const std::string& path, Problems& problems) {
  if (node.kind == Node::Kind::kScalar && node.text.find("${") != std::string::npos) {
    Expanded result;
    expand_into(result, node.text);
    node.text = result.text;
    if (!result.trouble.empty()) problems.add({origin_of(node), path, result.trouble});
    if (result.starts_with_variable && node.source != nullptr)
      node.source = at_working_directory(*node.source);
  }
  for (size_t i = 0; i < node.items.size(); ++i)
    expand(node.items[i], path_of(path, std::to_string(i)), problems);
  for (Entry& entry : node.entries) expand(entry.value, path_of(path, entry.key), problems);
}

}  // namespace

void expand_variables(Node& root, Problems& problems) { expand(root, "", problems); }

}  // namespace vit::config
