// A file that only grows, one complete record at a time: what is on the disk after a crash or on a
// full disk is whole records.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vit {

class AppendFile {
 public:
  enum class Mode { kAppend, kNew };  // kNew: the file must not exist yet
  // Makes the folder when it is missing. Throws DataError naming the file.
  explicit AppendFile(std::filesystem::path path, Mode mode = Mode::kAppend);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Hands all of `record` to the system, or removes what was written of it and throws DataError.
  // After a failure it does nothing, so that the end of a failed run can be reported without
  // failing again.
  void append(std::string_view record);

  // For files of lines: removes a last line that a crash cut short (`is_complete` says no), or
  // gives it its newline.
  void repair_last_line(bool (*is_complete)(std::string_view));

 private:
  [[noreturn]] void fail(const char* action, int error);
  std::string last_line() const;  // what follows the last newline

  std::filesystem::path path_;
  int fd_ = -1;
  int64_t size_ = 0;
  bool failed_ = false;
};

}  // namespace vit
