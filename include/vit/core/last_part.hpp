// The name of the file or folder at the end of a path.
#pragma once

#include <filesystem>
#include <string>

namespace vit {

// "val" of "pets/val" and of "pets/val/"; of "." the name of the working folder.
inline std::string last_part(const std::filesystem::path& path) {
  const auto whole = std::filesystem::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

}  // namespace vit
