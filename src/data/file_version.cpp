#include "file_version.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace vit::detail {

std::string file_version(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return "";
  return fmt::format("{} {}.{:09}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace vit::detail
