// Writes a zip archive of uncompressed members, with ZIP64 where numbers need it. The same members
// make the same bytes: all dates are the first that zip knows.
#pragma once

#include "new_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vit {

class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path) : file_(path) {}

  // A member of `head` and then `body`. The body begins at a multiple of 64 bytes of the file when
  // the head is a multiple of 64 long.
  void add(const std::string& name, std::string_view head, std::string_view body);
  void keep();  // writes the directory; see NewFile

 private:
  void write(std::string_view bytes);

  NewFile file_;
  std::string directory_;
  uint64_t position_ = 0, num_members_ = 0;
};

}  // namespace vit
