#include "short_names.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

namespace vit {
namespace {

size_t length_of_folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? 0 : slash + 1;
}

// Letters, digits and what is harmless in a file name.
std::string harmless(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) {
        const bool is_plain = std::isalnum(c) != 0 || c >= 0x80;
        return !is_plain &&
               std::string_view("-_.+=@,").find(static_cast<char>(c)) == std::string_view::npos;
      },
      '_');
  if (name.empty() || name.front() == '.') name.insert(name.begin(), '_');
  return name;
}

// Without ".jpg"; what follows the dot of "data.bin[7]" is no ending.
std::string without_ending(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot < length_of_folder(name)) return name;
  const bool is_ending = std::all_of(name.begin() + static_cast<int64_t>(dot) + 1, name.end(),
                                     [](unsigned char c) { return std::isalnum(c) != 0; });
  return is_ending ? name.substr(0, dot) : name;
}

}  // namespace

std::vector<std::string> short_names(const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  std::string shared = paths.front().substr(0, length_of_folder(paths.front()));
  for (const std::string& path : paths) {
    const auto [end, ignored] =
        std::mismatch(shared.begin(), shared.end(), path.begin(), path.end());
    shared.erase(end, shared.end());
    shared.resize(length_of_folder(shared));
  }
  std::vector<std::string> names;
  for (const std::string& path : paths) names.push_back(path.substr(shared.size()));
  return names;
}

std::vector<std::string> file_names(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  std::set<std::string> taken;
  for (const std::string& name : names) {
    const std::string plain = harmless(without_ending(name));
    std::string file = plain;
    for (int n = 2; !taken.insert(file).second; ++n) file = plain + "-" + std::to_string(n);
    files.push_back(file);
  }
  return files;
}

}  // namespace vit
