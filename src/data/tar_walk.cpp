#include "tar_walk.hpp"

#include "vit/core/error.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace vit::detail {
namespace {

using namespace std::string_view_literals;

constexpr int64_t kBlock = 512;
constexpr int64_t kLongestName = 1 << 16;
constexpr int64_t kLargestExtension = 1 << 20;  // of pax records

// A header block, and the fields of it (POSIX.1-1988 ustar).
struct Header {
  std::string_view block;
  std::string_view field(size_t offset, size_t size) const {
    const std::string_view bytes = block.substr(offset, size);
    return bytes.substr(0, bytes.find('\0'));
  }
  std::string_view name() const { return field(0, 100); }
  std::string_view size() const { return block.substr(124, 12); }
  std::string_view checksum() const { return block.substr(148, 8); }
  char type() const { return block[156]; }
  std::string_view prefix() const {  // GNU keeps other things there
    return block.substr(257, 6) == "ustar\0"sv ? field(345, 155) : "";
  }
};

bool is_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// Octal digits, or base 256 when the first bit is set. Nothing when it is neither, negative, or
// beyond 63 bits.
std::optional<int64_t> number(std::string_view field) {
  uint64_t value = 0;
  if ((field[0] & 0x80) != 0) {
    if (field[0] != '\x80') return std::nullopt;
    for (const char c : field.substr(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return static_cast<int64_t>(value);
  }
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  field = field.substr(0, field.find_first_of(" \0"sv));
  for (const char c : field) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<uint64_t>(c - '0');
  }
  return static_cast<int64_t>(value);
}

bool checksum_is_right(const Header& header) {
  int64_t plain = 0, with_sign = 0;  // old programs summed signed bytes
  for (size_t i = 0; i < header.block.size(); ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : header.block[i];
    plain += static_cast<unsigned char>(c);
    with_sign += static_cast<signed char>(c);
  }
  const std::optional<int64_t> said = number(header.checksum());
  return said && (*said == plain || *said == with_sign);
}

std::string_view without_root(std::string_view name) {
  while (name.starts_with("./") || name.starts_with('/')) {
    name.remove_prefix(name[0] == '/' ? 1 : 2);
  }
  return name == "." ? "" : name;
}

class TarWalk {
 public:
  TarWalk(FileWindow& window, TarExtent extent)
      : window_(window), at_(extent.begin), extent_(extent) {}

  // The next member; false at the end.
  bool next(TarMember& member) {
    next_name_.reset();
    next_size_.reset();
    while (read_header()) {
      switch (header_.type()) {
        case 'L':
          next_name_ = std::string(text(kLongestName, "a long name"));
          break;
        case 'x':
          read_records(text(kLargestExtension, "a pax header"));
          break;
        case 'K':
        case 'g':
          text(kLargestExtension, "a header");
          break;
        case 'S':
          fail("a sparse file, which is not read; make the archive without --sparse");
        default:
          return finish(member);
      }
    }
    return false;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(
        fmt::format("'{}' is damaged at byte {}: {}\nget the file again; `tar -tf` tells "
                    "whether it is whole",
                    window_.file().path().string(), header_at_, problem));
  }

  // Reads the header at `at_` and moves to its data. False at the mark of the end.
  bool read_header() {
    header_at_ = at_;
    if (at_ == extent_.end) {
      spdlog::warn("'{}' has no mark at its end: it may be incomplete",
                   window_.file().path().string());
      return false;
    }
    if (extent_.end - at_ < kBlock) fail("it ends within a header");
    block_ = window_.view(at_, kBlock);
    header_ = {block_};
    if (is_zero(block_)) return false;
    if (!checksum_is_right(header_)) fail("the header of a member has a wrong checksum");
    const std::optional<int64_t> size = number(header_.size());
    if (!size) fail("the header of a member has no valid size");
    size_ = *size;
    at_ += kBlock;
    return true;
  }

  // Leaves `size` bytes of data behind, and what fills their last block.
  void skip(int64_t size, const std::string& what) {
    const int64_t left = extent_.end - at_;
    if (size > left) {
      fail(fmt::format("{} should have {} bytes, but the file ends after {}", what, size, left));
    }
    at_ += std::min((size + kBlock - 1) / kBlock * kBlock, left);
  }

  std::string_view text(int64_t most, const char* what) {
    if (size_ > most) fail(fmt::format("{} of {} bytes; at most {} are read", what, size_, most));
    const int64_t begin = at_;
    skip(size_, what);
    const std::string_view bytes = window_.view(begin, size_);
    return header_.type() == 'L' ? bytes.substr(0, bytes.find('\0')) : bytes;
  }

  // "LENGTH key=value\n", where LENGTH counts all of it.
  void read_records(std::string_view records) {
    while (!records.empty() && records[0] != '\0') {
      size_t length = 0;
      const auto [stop, error] =
          std::from_chars(records.data(), records.data() + records.size(), length);
      const auto digits = static_cast<size_t>(stop - records.data());
      if (error != std::errc() || length > records.size() || length < digits + 3 ||
          records[digits] != ' ' || records[length - 1] != '\n') {
        fail("a broken pax header");
      }
      const std::string_view record = records.substr(digits + 1, length - digits - 2);
      const size_t equals = record.find('=');
      if (equals == std::string_view::npos) fail("a broken pax header");
      take_record(record.substr(0, equals), record.substr(equals + 1));
      records.remove_prefix(length);
    }
  }

  void take_record(std::string_view key, std::string_view value) {
    if (key == "path") next_name_ = std::string(value.substr(0, kLongestName));
    if (key.starts_with("GNU.sparse.")) fail("a sparse file, which is not read");
    if (key != "size") return;
    int64_t size = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (error != std::errc() || stop != value.data() + value.size() || size < 0) {
      fail("a pax header with an invalid size");
    }
    next_size_ = size;
  }

  bool finish(TarMember& member) {
    std::string name = next_name_.value_or("");
    if (!next_name_) {
      name = header_.name();
      if (!header_.prefix().empty()) name = fmt::format("{}/{}", header_.prefix(), name);
    }
    const char type = header_.type();
    member.is_file = (type == '0' || type == '\0' || type == '7') && !name.ends_with('/');
    member.name = without_root(name);
    member.offset = at_;
    member.size = member.is_file ? next_size_.value_or(size_) : 0;
    // Links and folders have no data, whatever their size says; kinds nobody knows have.
    const bool has_data = member.is_file || type < '1' || type > '6';
    skip(has_data ? next_size_.value_or(size_) : 0, fmt::format("member '{}'", member.name));
    return true;
  }

  FileWindow& window_;
  int64_t at_ = 0;
  TarExtent extent_;
  int64_t header_at_ = 0, size_ = 0;
  std::string block_;
  Header header_;
  std::optional<std::string> next_name_;
  std::optional<int64_t> next_size_;
};

}  // namespace

bool looks_like_tar(std::string_view first_block) {
  if (first_block.size() < static_cast<size_t>(kBlock)) return false;
  const std::string_view block = first_block.substr(0, kBlock);
  return is_zero(block) || checksum_is_right({block});
}

std::string compression_of(std::string_view bytes) {
  if (bytes.starts_with("\x1f\x8b")) return "gzip";
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) return "zstd";
  if (bytes.starts_with("\xfd"
                        "7zXZ"))
    return "xz";
  if (bytes.starts_with("BZh")) return "bzip2";
  return "";
}

std::string unpacking_advice(const std::string& compression, const std::string& path) {
  return fmt::format(
      "pictures are read by their place, which compression hides; pictures gain nothing by it\n"
      "once:       {} -dk '{}'   (then use the plain .tar, or unpack that as well)",
      compression, path);
}

void walk_tar(FileWindow& window, TarExtent extent,
              const std::function<void(const TarMember&)>& visit) {
  TarWalk walk(window, extent);
  for (TarMember member; walk.next(member);) visit(member);
}

}  // namespace vit::detail
