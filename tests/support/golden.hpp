// Where reference data and optional big data are.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vit::test {

// The folder VIT_GOLDEN_DIR names, by default tests/golden of the source tree.
inline std::filesystem::path golden_dir() {
  if (const char* named = std::getenv("VIT_GOLDEN_DIR"); named != nullptr && *named != '\0')
    return named;
  return std::filesystem::path(VIT_SOURCE_DIR) / "tests" / "golden";
}

// The optional folder of big data that is not part of the project (VIT_SHARED_DIR, by default
// ../shared beside the source tree).
inline std::optional<std::filesystem::path> shared_dir() {
  const char* named = std::getenv("VIT_SHARED_DIR");
  std::filesystem::path path = named != nullptr && *named != '\0'
                                   ? std::filesystem::path(named)
                                   : std::filesystem::path(VIT_SOURCE_DIR) / ".." / "shared";
  if (!std::filesystem::is_directory(path)) return std::nullopt;
  return path;
}

// Files in golden_dir()/folder whose name starts with `prefix` and ends with `suffix`, sorted.
inline std::vector<std::filesystem::path> golden_files(const std::string& folder,
                                                       const std::string& prefix,
                                                       const std::string& suffix) {
  std::vector<std::filesystem::path> found;
  const auto place = golden_dir() / folder;
  if (!std::filesystem::is_directory(place)) return found;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(suffix)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace vit::test
