#include "new_file.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace vit {

NewFile::NewFile(const std::filesystem::path& named)
    : final_path_(behind_links(named)),
      path_(final_path_.string() + fmt::format(".partial-{}", getpid())) {
  std::error_code unknown;
  if (std::filesystem::exists(final_path_, unknown) &&
      !std::filesystem::is_regular_file(final_path_, unknown)) {
    throw CheckpointError(
        fmt::format("could not write {}: it is no file\n"
                    "give a file in a folder that exists and may be written to",
                    named.string()));
  }
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) fail();
}

NewFile::~NewFile() {
  if (file_ >= 0) close(file_);
  if (!is_kept_) unlink(path_.c_str());
}

void NewFile::fail() const {
  const bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  throw CheckpointError(fmt::format(
      "could not write {}: {}\n{}", final_path_.string(), std::strerror(errno),
      file_ < 0 && !is_full
          ? "give a file in a folder that exists and may be written to"
          : "The partial file was removed. Make room or choose another place, then start again."));
}

void NewFile::write(const void* data, size_t size) {
  write_at(size_, data, size);
  size_ += size;
}

void NewFile::write_at(uint64_t offset, const void* data, size_t size) const {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = pwrite(file_, next, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    next += written;
    offset += static_cast<uint64_t>(written);
    size -= static_cast<size_t>(written);
  }
}

void NewFile::keep() {
  if (fsync(file_) != 0) fail();
  if (close(std::exchange(file_, -1)) != 0) fail();
  if (std::rename(path_.c_str(), final_path_.c_str()) != 0) fail();
  is_kept_ = true;
  const auto folder = final_path_.parent_path();
  try {
    flush_to_disk(folder.empty() ? "." : folder);
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

}  // namespace vit
