#include "vit/core/version.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace vit {

std::filesystem::path share_dir() {
  namespace fs = std::filesystem;
  if (const char* named = std::getenv("VIT_SHARE"); named != nullptr && *named != '\0')
    return named;
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return build_info().source_dir;
  const fs::path installed = program.parent_path().parent_path() / "share" / "vit";
  return fs::is_directory(installed / "configs", failed) ? installed
                                                         : fs::path(build_info().source_dir);
}

}  // namespace vit
