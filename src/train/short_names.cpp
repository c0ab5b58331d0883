#include "short_names.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

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
    const std::string plain = harmless(std::filesystem::path(name).replace_extension().string());
    std::string file = plain;
    for (int n = 2; !taken.insert(file).second; ++n) file = plain + "-" + std::to_string(n);
    files.push_back(file);
  }
  return files;
}

}  // namespace vit
