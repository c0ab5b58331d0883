// The name of the file or folder at the end of a path.
#pragma once

#include <filesystem>
#include <string>

namespace vit {

// "val" of "pets/val", and of "pets/val/".
inline std::string last_part(const std::filesystem::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace vit
