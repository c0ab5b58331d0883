#include "idx_file.hpp"

#include "vit/core/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace vit {
namespace {

constexpr uint8_t kUnsignedByte = 0x08;         // the element type in the magic number
constexpr int64_t kLargest = int64_t{1} << 36;  // 64 GiB: a header that says more is garbage

// gzread passes uncompressed files through unchanged, so there is one way for both.
class GzReader {
 public:
  explicit GzReader(const std::filesystem::path& path)
      : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_)
      throw DataError(
          fmt::format("'{}' cannot be opened: {}", path.string(), std::strerror(errno)));
    gzbuffer(file_.get(), 1 << 18);
  }

  // Reads up to `size` bytes; fewer at the end of the file.
  size_t read(uint8_t* into, size_t size) {
    const int got = gzread(file_.get(), into, static_cast<unsigned>(size));
    int code = Z_OK;
    const char* reason = gzerror(file_.get(), &code);
    if (code == Z_ERRNO) reason = std::strerror(errno);
    if (code == Z_BUF_ERROR) reason = "the compressed data end too early";
    if (got < 0 || code < 0) {
      throw DataError(fmt::format("'{}' is corrupt or incomplete: {}\ndownload it again",
                                  path_.string(), reason));
    }
    return static_cast<size_t>(got);
  }

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

std::vector<int64_t> read_sizes(GzReader& file, const std::filesystem::path& path,
                                size_t dimensions) {
  std::array<uint8_t, 4> magic{};
  const size_t got = file.read(magic.data(), magic.size());
  if (got < magic.size()) {
    throw DataError(fmt::format("'{}' is no IDX file: it holds {} bytes\nget the file again",
                                path.string(), got));
  }
  const std::array<uint8_t, 4> expected{0, 0, kUnsignedByte, static_cast<uint8_t>(dimensions)};
  if (magic != expected) {
    throw DataError(fmt::format(
        "'{}' is no IDX file of {}: it begins with {:02x}, not {:02x}\nget the file again",
        path.string(), dimensions == 1 ? "labels" : "images", fmt::join(magic, " "),
        fmt::join(expected, " ")));
  }
  std::vector<uint8_t> header(4 * dimensions);
  if (file.read(header.data(), header.size()) < header.size()) {
    throw DataError(fmt::format("'{}' ends within its header\nget the file again", path.string()));
  }
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < header.size(); i += 4) {
    sizes.push_back(int64_t{header[i]} << 24 | header[i + 1] << 16 | header[i + 2] << 8 |
                    header[i + 3]);
  }
  return sizes;
}

int64_t product(const std::vector<int64_t>& sizes, const std::filesystem::path& path) {
  int64_t total = 1;
  for (const int64_t size : sizes) {
    if (size == 0)
      throw DataError(
          fmt::format("'{}' is empty: its header says {}", path.string(), fmt::join(sizes, " x ")));
    if (size > kLargest / total) {
      throw DataError(fmt::format("'{}' has a broken header: it says {} bytes", path.string(),
                                  fmt::join(sizes, " x ")));
    }
    total *= size;
  }
  return total;
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& path, size_t dimensions) {
  constexpr int64_t kChunk =
      1 << 24;  // memory grows with what the file really holds, not with what it promises
  GzReader file(path);
  IdxFile idx{read_sizes(file, path, dimensions), {}};
  const int64_t total = product(idx.sizes, path);
  int64_t done = 0;
  while (done < total) {
    const int64_t wanted = std::min(kChunk, total - done);
    idx.bytes.resize(static_cast<size_t>(done + wanted));
    const auto got =
        static_cast<int64_t>(file.read(idx.bytes.data() + done, static_cast<size_t>(wanted)));
    done += got;
    if (got < wanted) break;
  }
  uint8_t beyond = 0;
  const bool longer =
      done == total && file.read(&beyond, 1) > 0;  // also checks the checksum of a gzip file
  if (done < total || longer) {
    throw DataError(fmt::format(
        "'{}' has the wrong length: its header says {} = {} bytes of data, {}\nget the file again",
        path.string(), fmt::join(idx.sizes, " x "), total,
        longer ? std::string("the file holds more") : fmt::format("the file holds {}", done)));
  }
  return idx;
}

}  // namespace vit
