// A disk that is soon full.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>

namespace vit::test {

// A file system of its own, unmounted at the end.
class TinyDisk {
 public:
  TinyDisk(const std::filesystem::path& place, const std::string& size) : place_(place) {
    std::filesystem::create_directory(place);
    mounted_ = mount("tmpfs", place.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~TinyDisk() {
    if (mounted_) umount2(place_.c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path place_;
  bool mounted_ = false;
};

}  // namespace vit::test
