#include "shard_file.hpp"

#include "vit/core/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace vit::detail {
namespace {

[[noreturn]] void cannot_read(const std::filesystem::path& path, const std::string& reason) {
  throw DataError(fmt::format("'{}' cannot be read: {}", path.string(), reason));
}

[[noreturn]] void changed(const std::filesystem::path& path) {
  throw DataError(
      fmt::format("'{}' changed while it was in use\nstart again, and leave the data "
                  "alone while a run reads them",
                  path.string()));
}

int open_file(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) cannot_read(path, std::strerror(errno));
  return fd;
}

int64_t size_of(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) cannot_read(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) cannot_read(path, "it is not a file");
  return status.st_size;
}

void read_at(int fd, int64_t offset, std::string& into, const std::filesystem::path& path) {
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = pread(fd, into.data() + done, into.size() - done,
                              static_cast<off_t>(offset + static_cast<int64_t>(done)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) cannot_read(path, std::strerror(errno));
    if (got == 0) changed(path);
    done += static_cast<size_t>(got);
  }
}

struct Closing {
  int fd;
  ~Closing() { close(fd); }
};

}  // namespace

ShardFile::ShardFile(std::filesystem::path path) : path_(std::move(path)) {
  const Closing file{open_file(path_)};
  size_ = size_of(file.fd, path_);
}

std::string ShardFile::read(int64_t offset, int64_t size) const {
  VIT_CHECK(offset >= 0 && size >= 0 && offset <= size_ - size, "the piece lies inside the file");
  const Closing file{open_file(path_)};
  if (size_of(file.fd, path_) != size_) changed(path_);
  std::string bytes(static_cast<size_t>(size), '\0');
  read_at(file.fd, offset, bytes, path_);
  return bytes;
}

FileWindow::FileWindow(const ShardFile& file) : file_(file), fd_(open_file(file.path())) {}

FileWindow::~FileWindow() { close(fd_); }

std::string_view FileWindow::view(int64_t offset, int64_t size) {
  constexpr int64_t kPage = 4096;
  VIT_CHECK(offset >= 0 && size >= 0 && offset <= file_.size() - size,
            "the view lies inside the file");
  const int64_t end = begin_ + static_cast<int64_t>(bytes_.size());
  if (offset < begin_ || offset + size > end) {
    bytes_.resize(static_cast<size_t>(std::min(std::max(size, kPage), file_.size() - offset)));
    begin_ = offset;
    read_at(fd_, offset, bytes_, file_.path());
  }
  return std::string_view(bytes_).substr(static_cast<size_t>(offset - begin_),
                                         static_cast<size_t>(size));
}

}  // namespace vit::detail
