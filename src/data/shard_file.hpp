// A large file of many pictures, read in pieces by offset. Nothing is mapped: a file may shrink or
// vanish while a run goes on, and touching a mapped page would then end the process. Nothing stays
// open either: there may be more shards than a process may have files. Private to the data library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vit::detail {

class ShardFile {
 public:
  explicit ShardFile(std::filesystem::path path);  // throws DataError when it cannot be read

  const std::filesystem::path& path() const { return path_; }
  int64_t size() const { return size_; }

  // The bytes [offset, offset + size), which lie inside the file. Thread-safe. Throws DataError
  // naming the file when it vanished or is no longer of the size it had.
  std::string read(int64_t offset, int64_t size) const;

 private:
  std::filesystem::path path_;
  int64_t size_ = 0;
};

// For walking along a file: looks at a few bytes here and there, and reads a page at a time.
class FileWindow {
 public:
  explicit FileWindow(const ShardFile& file);
  ~FileWindow();
  FileWindow(const FileWindow&) = delete;
  FileWindow& operator=(const FileWindow&) = delete;

  const ShardFile& file() const { return file_; }
  // Valid until the next call. The bytes must lie inside the file.
  std::string_view view(int64_t offset, int64_t size);

 private:
  const ShardFile& file_;
  int fd_;
  int64_t begin_ = 0;
  std::string bytes_;
};

}  // namespace vit::detail
