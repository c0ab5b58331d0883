#include "append_file.hpp"

#include "vit/core/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace vit {

AppendFile::AppendFile(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
  if (path_.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path_.parent_path(), error);
    if (error) fail("make the folder of", error.value());
  }
  const int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (mode == Mode::kNew ? O_EXCL : 0);
  fd_ = open(path_.c_str(), flags, 0644);
  if (fd_ < 0) fail("write", errno);
  struct stat status {};
  if (fstat(fd_, &status) == 0) size_ = static_cast<int64_t>(status.st_size);
}

AppendFile::~AppendFile() {
  if (fd_ >= 0) close(fd_);
}

void AppendFile::append(std::string_view record) {
  if (failed_) return;
  for (std::string_view rest = record; !rest.empty();) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      [[maybe_unused]] const int ignored = ftruncate(fd_, size_);
      fail("write", error);
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  size_ += static_cast<int64_t>(record.size());
}

void AppendFile::repair_last_line(bool (*is_complete)(std::string_view)) {
  const std::string line = last_line();
  if (line.empty()) return;
  if (is_complete(line)) return append("\n");
  size_ -= static_cast<int64_t>(line.size());
  if (ftruncate(fd_, size_) != 0) fail("shorten", errno);
}

std::string AppendFile::last_line() const {
  std::string line;
  std::array<char, 4096> chunk;
  for (int64_t end = size_; end > 0;) {
    const int64_t begin = std::max<int64_t>(0, end - static_cast<int64_t>(chunk.size()));
    const ssize_t got = pread(fd_, chunk.data(), static_cast<size_t>(end - begin), begin);
    if (got != end - begin) break;
    const std::string_view piece(chunk.data(), static_cast<size_t>(got));
    const size_t newline = piece.rfind('\n');
    if (newline != std::string_view::npos) return std::string(piece.substr(newline + 1)) + line;
    line.insert(0, piece);
    end = begin;
  }
  return line;
}

void AppendFile::fail(const char* action, int error) {
  failed_ = true;
  std::string text =
      std::string("cannot ") + action + " '" + path_.string() + "': " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT)
    text += "\nfree some space there, or choose another folder";
  throw DataError(text);
}

}  // namespace vit
