#include "decompress.hpp"

#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace vit::detail {
namespace {

struct Free {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

// A compressed file as a stream of bytes. Only what the library reads by itself is allowed: for
// rarer kinds it would start other programs.
class Stream {
 public:
  explicit Stream(const fs::path& path) : path_(path), reader_(archive_read_new()) {
    archive* reader = reader_.get();
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_format_raw(reader);
    constexpr size_t kBlock = 1 << 20;
    archive_entry* entry = nullptr;
    if (archive_read_open_filename(reader, path.c_str(), kBlock) != ARCHIVE_OK ||
        archive_read_next_header(reader, &entry) != ARCHIVE_OK) {
      fail();
    }
  }

  // Fills `block` as far as there is something; 0 at the end.
  size_t read(std::vector<char>& block) {
    const la_ssize_t got = archive_read_data(reader_.get(), block.data(), block.size());
    if (got < 0) fail();
    return static_cast<size_t>(got);
  }

 private:
  [[noreturn]] void fail() const {
    const char* reason = archive_error_string(reader_.get());
    throw DataError(fmt::format("'{}' cannot be unpacked: {}\nget the file again", path_.string(),
                                reason != nullptr ? printable(reason) : "it is damaged"));
  }

  const fs::path& path_;
  std::unique_ptr<archive, Free> reader_;
};

// A file that is there under its name when it is whole, and not at all before.
class Copy {
 public:
  explicit Copy(fs::path path) : path_(std::move(path)), part_(path_.string() + ".part") {
    file_.open(part_, std::ios::binary | std::ios::trunc);
  }
  ~Copy() {
    file_.close();
    std::error_code ignored;
    fs::remove(part_, ignored);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  void write(const char* bytes, size_t size) {
    errno = 0;
    if (!file_.write(bytes, static_cast<std::streamsize>(size))) fail();
  }
  void finish() {
    errno = 0;
    file_.close();
    if (!file_) fail();
    flush_to_disk(part_);
    fs::rename(part_, path_);
  }

 private:
  [[noreturn]] void fail() const {
    throw DataError(
        fmt::format("cannot write '{}': {}\nfree some space there, or choose another folder",
                    part_.string(), errno != 0 ? std::strerror(errno) : "unknown reason"));
  }

  fs::path path_, part_;
  std::ofstream file_;
};

}  // namespace

void decompress(const fs::path& from, const fs::path& to, ExitCode (*stop)()) {
  constexpr uint64_t kMostTimes = 100, kAlways = 64 << 20;  // bytes that are never too many
  const uint64_t most = kMostTimes * fs::file_size(from) + kAlways;
  Stream stream(from);
  Copy copy(to);
  std::vector<char> block(1 << 22);
  uint64_t done = 0;
  while (const size_t got = stream.read(block)) {
    done += got;
    if (done > most) {
      throw DataError(
          fmt::format("'{}' unpacks to more than {} times its size, which no tar of pictures does",
                      from.string(), kMostTimes));
    }
    const ExitCode code = stop != nullptr ? stop() : ExitCode::kDone;
    if (code != ExitCode::kDone) {
      throw Error(code, fmt::format("stopped while '{}' was unpacked", from.string()));
    }
    copy.write(block.data(), got);
    set_status_line(fmt::format("unpack {}  {}", from.filename().string(),
                                human_bytes(static_cast<double>(done))));
  }
  set_status_line("");
  copy.finish();
}

}  // namespace vit::detail
