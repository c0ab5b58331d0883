// Files the way a training run needs them: whole-file reads, writes that are either complete or
// absent, checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vit {

namespace fs = std::filesystem;

// Throws DataError naming the path and the system's reason.
std::string read_text(const fs::path& path);

// What a link stands for; `path` itself when it is none, or leads nowhere.
fs::path behind_links(const fs::path& path);

// Writes a temporary file beside `path`, flushes it to the disk, renames it over `path` and flushes
// the folder. Either the old or the new content is there afterwards, also after a crash or on a
// full disk. Of a link, its target is written; a device or a pipe is written to as it is. Throws
// DataError.
void write_atomically(const fs::path& path, std::string_view content);

// Points the symbolic link `link` at `target` (as written, normally relative) in one step. Throws
// DataError.
void replace_link(const fs::path& link, const fs::path& target);

// fsync of a file or folder. Throws DataError.
void flush_to_disk(const fs::path& path);

// XXH3-64 of a byte range / of a file's content, as 16 hex digits.
std::string checksum(std::string_view bytes);
std::string checksum_of_file(const fs::path& path);

// Read-only memory map of a whole file; empty files map to an empty view. Throws DataError.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }
  const fs::path& path() const { return path_; }

  // Advice to the system about memory, never about content. The first: the file will be read once
  // from its start to its end. The second: `part`, which lies in bytes(), is not needed for now; it
  // is read from the disk (or the system's cache) again when somebody looks.
  void will_be_read_in_order() const;
  void forget(std::string_view part) const;

 private:
  fs::path path_;
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace vit
