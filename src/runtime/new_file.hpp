// A weight file in the making: written beside its final place, flushed, then renamed. Whole or
// absent, whatever happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace vit {

class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path);
  ~NewFile();  // removes what was not kept
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // All of them throw CheckpointError naming the final path and the system's reason.
  void write(const void* data, size_t size);                            // after what was written so
  void write_at(uint64_t offset, const void* data, size_t size) const;  // by any thread
  void keep();  // it is on the disk under its name when this returns

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path final_path_, path_;
  int file_ = -1;
  uint64_t size_ = 0;
  bool is_kept_ = false;
};

}  // namespace vit
