#include "class_names.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace vit {
namespace {

// "n01440764 " at the start.
bool has_wordnet_number(std::string_view line) {
  constexpr size_t kDigits = 8;
  if (line.size() < kDigits + 3 || line[0] != 'n' || line[kDigits + 1] != ' ') return false;
  const std::string_view digits = line.substr(1, kDigits);
  return std::all_of(digits.begin(), digits.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string name_in(std::string_view line) {
  if (has_wordnet_number(line)) line.remove_prefix(line.find(' ') + 1);
  const size_t end = line.find_last_not_of(" \t\r");
  return printable(line.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

}  // namespace

std::vector<std::string> read_class_names(const fs::path& file, int64_t classes) {
  const std::string text = read_text(file);
  std::vector<std::string> names;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    names.push_back(name_in(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (static_cast<int64_t>(names.size()) != classes) {
    throw DataError(
        fmt::format("'{}' has {} lines, but the model tells {} classes apart\n"
                    "give a text with the name of one class a line, in label order",
                    file.string(), names.size(), classes));
  }
  return names;
}

}  // namespace vit
