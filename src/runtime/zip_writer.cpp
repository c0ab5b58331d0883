#include "zip_writer.hpp"

#include "vit/core/error.hpp"

#include <zlib.h>

#include <algorithm>

namespace vit {
namespace {

constexpr uint64_t kIn16 = 0xFFFF, kIn32 = 0xFFFFFFFF;  // larger numbers, and these, are in ZIP64
constexpr uint64_t kLocalSize = 30, kFieldHead = 4, kAlignment = 64;
constexpr uint64_t kPlainVersion = 20, kZip64Version = 45;
constexpr uint64_t kFirstDate = 0x21;       // 1980-01-01
constexpr uint64_t kPaddingField = 0x4246;  // as PyTorch pads its archives

// Little-endian numbers, one after the other.
class Record {
 public:
  Record& u16(uint64_t value) { return add(value, 2); }
  Record& u32(uint64_t value) { return add(value, 4); }
  Record& u64(uint64_t value) { return add(value, 8); }
  Record& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Record& add(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string bytes_;
};

// What local header and directory say alike.
struct Member {
  const std::string& name;
  uint64_t crc, size, offset;

  bool is_large() const { return size >= kIn32; }
  bool is_far() const { return offset >= kIn32; }
  uint64_t version() const { return is_large() || is_far() ? kZip64Version : kPlainVersion; }

  Record& common(Record& record, uint64_t extra_size) const {
    const bool is_ascii =
        std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const uint64_t short_size = std::min(size, kIn32);
    return record.u16(version())
        .u16(is_ascii ? 0 : 0x800)
        .u16(0)
        .u16(0)
        .u16(kFirstDate)
        .u32(crc)
        .u32(short_size)
        .u32(short_size)
        .u16(name.size())
        .u16(extra_size);
  }
};

std::string local_header(const Member& member) {
  Record extra;
  if (member.is_large()) extra.u16(1).u16(16).u64(member.size).u64(member.size);
  const uint64_t unpadded =
      member.offset + kLocalSize + member.name.size() + extra.bytes().size() + kFieldHead;
  const uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  extra.u16(kPaddingField).u16(padding).text(std::string(padding, '\0'));
  Record header;
  header.text("PK\3\4");
  return member.common(header, extra.bytes().size()).text(member.name).text(extra.bytes()).bytes();
}

std::string directory_entry(const Member& member) {
  Record numbers;
  if (member.is_large()) numbers.u64(member.size).u64(member.size);
  if (member.is_far()) numbers.u64(member.offset);
  Record extra;
  if (!numbers.bytes().empty()) extra.u16(1).u16(numbers.bytes().size()).text(numbers.bytes());
  Record entry;
  entry.text("PK\1\2").u16(kZip64Version);
  member.common(entry, extra.bytes().size());
  entry.u16(0).u16(0).u16(0).u32(0).u32(std::min(member.offset, kIn32));
  return entry.text(member.name).text(extra.bytes()).bytes();
}

std::string directory_end(uint64_t begin, uint64_t size, uint64_t num_members) {
  Record end;
  if (begin >= kIn32 || size >= kIn32 || num_members >= kIn16) {
    end.text("PK\6\6").u64(44).u16(kZip64Version).u16(kZip64Version).u32(0).u32(0);
    end.u64(num_members).u64(num_members).u64(size).u64(begin);
    end.text("PK\6\7").u32(0).u64(begin + size).u32(1);
  }
  const uint64_t count = std::min(num_members, kIn16);
  end.text("PK\5\6").u16(0).u16(0).u16(count).u16(count);
  return end.u32(std::min(size, kIn32)).u32(std::min(begin, kIn32)).u16(0).bytes();
}

uint32_t extend_crc(uint64_t crc, std::string_view bytes) {
  if (bytes.empty()) return static_cast<uint32_t>(crc);  // zlib would start anew for nullptr
  return static_cast<uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

void ZipWriter::write(std::string_view bytes) {
  file_.write(bytes.data(), bytes.size());
  position_ += bytes.size();
}

void ZipWriter::add(const std::string& name, std::string_view head, std::string_view body) {
  VIT_CHECK(!name.empty() && name.size() <= kIn16, name.substr(0, 100));
  const Member member{.name = name,
                      .crc = extend_crc(extend_crc(0, head), body),
                      .size = head.size() + body.size(),
                      .offset = position_};
  write(local_header(member).append(head));
  write(body);
  directory_ += directory_entry(member);
  ++num_members_;
}

void ZipWriter::keep() {
  const uint64_t begin = position_;
  write(directory_);
  write(directory_end(begin, directory_.size(), num_members_));
  file_.keep();
}

}  // namespace vit
