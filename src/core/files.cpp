#include "vit/core/files.hpp"

#include "vit/core/error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace vit {
namespace {

[[noreturn]] void fail(const std::string& action, const fs::path& path, int error) {
  std::string text = "cannot " + action + " '" + path.string() + "': " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT)
    text += "\nfree some space there, or choose another folder";
  else if (action == "write" || action == "replace")
    text += "\ngive a file in a folder that exists and may be written to";
  throw DataError(text);
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, const char* action)
      : Descriptor(path, flags, action, path) {}
  // `shown`: what the user calls it.
  Descriptor(const fs::path& path, int flags, const char* action, const fs::path& shown)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail(action, shown, errno);
  }
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write", path, errno);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
}

std::string hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

fs::path behind_links(const fs::path& path) {
  std::error_code broken;
  if (!fs::is_symlink(path, broken)) return path;
  const fs::path target = fs::canonical(path, broken);
  return broken ? path : target;
}

std::string read_text(const fs::path& path) {
  if (fs::is_directory(path)) fail("read", path, EISDIR);
  const Descriptor file(path, O_RDONLY, "read");
  // In one read where the size is known and stays; a file may also grow or shrink meanwhile.
  struct stat status {};
  const bool known = fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  constexpr size_t kChunk = 1 << 16;
  std::string content(known ? static_cast<size_t>(status.st_size) + 1 : kChunk, '\0');
  size_t filled = 0;
  while (true) {
    if (filled == content.size()) content.resize(content.size() + kChunk);
    const ssize_t got = read(file.get(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path, errno);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  content.resize(filled);
  return content;
}

void write_atomically(const fs::path& named, std::string_view content) {
  struct stat status {};
  const bool is_there = stat(named.c_str(), &status) == 0;
  if (is_there && S_ISDIR(status.st_mode)) fail("write", named, EISDIR);
  if (is_there && !S_ISREG(status.st_mode)) {  // a device or a pipe: not to be replaced
    const Descriptor file(named, O_WRONLY, "write");
    return write_all(file.get(), content, named);
  }
  const fs::path path = behind_links(named);
  const fs::path temporary = path.string() + ".tmp-" + std::to_string(getpid());
  try {
    const Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC, "write", path);
    write_all(file.get(), content, path);
    if (fsync(file.get()) != 0) fail("flush", path, errno);
    if (rename(temporary.c_str(), path.c_str()) != 0) fail("replace", path, errno);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
  flush_to_disk(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void replace_link(const fs::path& link, const fs::path& target) {
  const fs::path temporary = link.string() + ".tmp-" + std::to_string(getpid());
  std::error_code ignored;
  fs::remove(temporary, ignored);
  if (symlink(target.c_str(), temporary.c_str()) != 0) fail("create the link", temporary, errno);
  if (rename(temporary.c_str(), link.c_str()) != 0) {
    const int error = errno;
    fs::remove(temporary, ignored);
    fail("replace the link", link, error);
  }
  flush_to_disk(link.has_parent_path() ? link.parent_path() : fs::path("."));
}

void flush_to_disk(const fs::path& path) {
  const Descriptor file(path, O_RDONLY, "flush");
  // Some file systems cannot flush folders and say EINVAL; there is nothing more to do there.
  if (fsync(file.get()) != 0 && errno != EINVAL) fail("flush", path, errno);
}

std::string checksum(std::string_view bytes) {
  return hex(XXH3_64bits(bytes.data(), bytes.size()));
}

std::string checksum_of_file(const fs::path& path) { return checksum(MappedFile(path).bytes()); }

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK, "read");  // a pipe must not make it wait
  struct stat status {};
  if (fstat(file.get(), &status) != 0) fail("read", path, errno);
  if (!S_ISREG(status.st_mode))
    throw DataError("cannot read '" + path.string() + "': it is not a file");
  size_ = static_cast<size_t>(status.st_size);
  if (size_ == 0) return;
  void* data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) fail("map", path, errno);
  data_ = static_cast<const char*>(data);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::will_be_read_in_order() const {
  if (data_ != nullptr) madvise(const_cast<char*>(data_), size_, MADV_SEQUENTIAL);
}

// Dropping pages loses nothing: nobody can have written to them. Pages shared with neighbours of
// `part` go as well and come back when they are wanted.
void MappedFile::forget(std::string_view part) const {
  if (part.empty()) return;
  VIT_CHECK(part.data() >= data_ && part.data() + part.size() <= data_ + size_, path_.string());
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<size_t>(part.data() - data_) / page * page;
  const auto end = static_cast<size_t>(part.data() - data_) + part.size();
  madvise(const_cast<char*>(data_) + begin, end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

}  // namespace vit
