#include "zip_archive.hpp"

#include "file_flaw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace vit {
namespace {

constexpr uint64_t kEndSize = 22, kEnd64LocatorSize = 20, kEnd64Size = 56;
constexpr uint64_t kEntrySize = 46, kLocalSize = 30;
constexpr uint64_t kLongestComment = 65535;
constexpr uint64_t kIn64 = 0xFFFFFFFF;  // "look into the ZIP64 field"
constexpr uint64_t kMaxMembers = 1'000'000;
constexpr uint64_t kMaxRatio = 1032;  // of deflate: 258 bytes in 2 bits
// Of all members together. Weights hardly compress, but whole zero tensors are possible.
constexpr uint64_t kMaxTotalRatio = 64, kTotalAllowance = uint64_t{256} << 20;

// Little-endian numbers out of the file.
template <typename T>
T number(std::string_view bytes, uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
uint64_t u16(std::string_view bytes, uint64_t at) { return number<uint16_t>(bytes, at); }
uint64_t u32(std::string_view bytes, uint64_t at) { return number<uint32_t>(bytes, at); }
uint64_t u64(std::string_view bytes, uint64_t at) { return number<uint64_t>(bytes, at); }

bool has(std::string_view bytes, uint64_t at, uint64_t size) {
  return at <= bytes.size() && size <= bytes.size() - at;
}

// Where the central directory is.
struct Directory {
  uint64_t begin = 0, end = 0, num_members = 0;
};

uint64_t find_end(std::string_view file) {
  if (file.size() >= kEndSize) {
    uint64_t at = file.size() - kEndSize;
    const uint64_t first = at > kLongestComment ? at - kLongestComment : 0;
    for (;; --at) {
      if (file.substr(at, 4) == "PK\5\6" && at + kEndSize + u16(file, at + 20) == file.size())
        return at;
      if (at == first) break;
    }
  }
  throw FileFlaw("lacks the directory at the end of a zip archive");
}

Directory find_directory(std::string_view file) {
  const uint64_t end = find_end(file);
  if (u16(file, end + 4) != 0 && u16(file, end + 4) != 0xFFFF)
    throw FileFlaw("is one part of a zip archive in several files");
  Directory directory{u32(file, end + 16), u32(file, end + 12), u16(file, end + 10)};
  uint64_t directory_end = end;
  const bool has_64 =
      end >= kEnd64LocatorSize + kEnd64Size && file.substr(end - kEnd64LocatorSize, 4) == "PK\6\7";
  if (has_64) {
    const uint64_t locator = end - kEnd64LocatorSize, end_64 = u64(file, locator + 8);
    if (end_64 > locator - kEnd64Size || file.substr(end_64, 4) != "PK\6\6")
      throw FileFlaw("has a broken ZIP64 directory");
    directory = {u64(file, end_64 + 48), u64(file, end_64 + 40), u64(file, end_64 + 32)};
    directory_end = end_64;
  }
  const uint64_t size = std::exchange(directory.end, directory_end);
  if (size > directory_end || directory.begin != directory_end - size)
    throw FileFlaw("has a directory that is not where a zip archive says it is");
  if (directory.num_members > size / kEntrySize || directory.num_members > kMaxMembers)
    throw FileFlaw(fmt::format("claims {} members", directory.num_members));
  return directory;
}

// A member as the directory describes it.
struct Entry {
  ZipMember member;
  uint64_t method = 0, packed_size = 0, local = 0;
  uint64_t length = 0;  // of the entry itself
};

// The ZIP64 field holds, in this order, those numbers that did not fit.
void read_zip64(std::string_view extra, Entry& entry) {
  const bool is_needed =
      entry.member.size == kIn64 || entry.packed_size == kIn64 || entry.local == kIn64;
  while (is_needed && extra.size() >= 4) {
    const uint64_t id = u16(extra, 0), size = u16(extra, 2);
    if (!has(extra, 4, size)) break;
    if (id == 1) {
      std::string_view field = extra.substr(4, size);
      for (uint64_t* value : {&entry.member.size, &entry.packed_size, &entry.local}) {
        if (*value != kIn64) continue;
        if (field.size() < 8) throw FileFlaw("has a ZIP64 field that is too short");
        *value = u64(field, 0);
        field.remove_prefix(8);
      }
      return;
    }
    extra.remove_prefix(4 + size);
  }
}

Entry read_entry(std::string_view directory) {
  if (directory.size() < kEntrySize || !directory.starts_with("PK\1\2"))
    throw FileFlaw("has a broken zip directory");
  const uint64_t flags = u16(directory, 8), name = u16(directory, 28), extra = u16(directory, 30);
  Entry entry;
  entry.length = kEntrySize + name + extra + u16(directory, 32);
  if (!has(directory, 0, entry.length)) throw FileFlaw("has a broken zip directory");
  entry.method = u16(directory, 10);
  entry.member.name = directory.substr(kEntrySize, name);
  entry.member.is_deflated = entry.method == 8;
  entry.member.crc = static_cast<uint32_t>(u32(directory, 16));
  entry.packed_size = u32(directory, 20);
  entry.member.size = u32(directory, 24);
  entry.local = u32(directory, 42);
  read_zip64(directory.substr(kEntrySize + name, extra), entry);
  if (flags & 1) throw FileFlaw(fmt::format("holds {} encrypted", in_quotes(entry.member.name)));
  return entry;
}

void check_sizes(const Entry& entry) {
  const ZipMember& member = entry.member;
  if (entry.method != 0 && entry.method != 8) {
    throw FileFlaw(fmt::format("holds {} compressed by method {}; stored and deflate are known",
                               in_quotes(member.name), entry.method));
  }
  if (entry.method == 0 && member.size != entry.packed_size) {
    throw FileFlaw(fmt::format("gives {} two sizes, {} and {} bytes", in_quotes(member.name),
                               entry.packed_size, member.size));
  }
  if (entry.method == 8 && member.size / kMaxRatio > entry.packed_size) {
    throw FileFlaw(fmt::format("claims that the {} bytes of {} inflate to {}", entry.packed_size,
                               in_quotes(member.name), member.size));
  }
}

// Finds the data behind the local header. `limit`: where the next thing in the archive begins.
void locate(std::string_view file, Entry& entry, uint64_t limit) {
  const auto broken = [&] {
    return FileFlaw(
        fmt::format("has nothing usable where {} should be", in_quotes(entry.member.name)));
  };
  const std::string_view part = file.substr(0, limit);
  if (!has(part, entry.local, kLocalSize) || part.substr(entry.local, 4) != "PK\3\4")
    throw broken();
  const uint64_t name = u16(part, entry.local + 26), extra = u16(part, entry.local + 28);
  const uint64_t data = entry.local + kLocalSize + name + extra;
  if (!has(part, data, entry.packed_size) || u16(part, entry.local + 8) != entry.method ||
      part.substr(entry.local + kLocalSize, name) != entry.member.name) {
    throw broken();
  }
  entry.member.bytes = part.substr(data, entry.packed_size);
}

void locate_all(std::string_view file, std::vector<Entry>& entries, uint64_t directory_begin) {
  std::vector<Entry*> order;
  order.reserve(entries.size());
  for (Entry& entry : entries) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const Entry* entry) { return entry->local; });
  uint64_t total = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    locate(file, *order[i], i + 1 < order.size() ? order[i + 1]->local : directory_begin);
    if (order[i]->member.is_deflated) total += order[i]->member.size;
  }
  if (total > kTotalAllowance + kMaxTotalRatio * file.size())
    throw FileFlaw(fmt::format("would inflate from {} to {} bytes", file.size(), total));
}

}  // namespace

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  const std::string_view bytes = file_->bytes();
  const Directory directory = find_directory(bytes);
  std::string_view left = bytes.substr(directory.begin, directory.end - directory.begin);
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < directory.num_members; ++i) {
    Entry entry = read_entry(left);
    check_sizes(entry);
    if (!index_.emplace(entry.member.name, entries.size()).second)
      throw FileFlaw(fmt::format("has the member {} twice", in_quotes(entry.member.name)));
    left.remove_prefix(entry.length);
    entries.push_back(std::move(entry));
  }
  if (!left.empty()) throw FileFlaw("has a zip directory of another length than it says");
  locate_all(bytes, entries, directory.begin);
  const bool have_crc =
      std::ranges::any_of(entries, [](const Entry& e) { return e.member.crc != 0; });
  for (Entry& entry : entries) {
    entry.member.has_crc = have_crc;
    members_.push_back(entry.member);
  }
}

const ZipMember* ZipArchive::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &members_[found->second];
}

ZipMemberReader::ZipMemberReader(const ZipMember& member) : member_(member) {
  if (!member.is_deflated) return;
  VIT_CHECK(inflateInit2(&stream_, -MAX_WBITS) == Z_OK, "zlib");
}

ZipMemberReader::~ZipMemberReader() {
  if (member_.is_deflated) inflateEnd(&stream_);
}

void ZipMemberReader::read(void* to, uint64_t size) {
  VIT_CHECK(size <= left(), std::string(member_.name));
  if (size == 0) return;
  if (member_.is_deflated) {
    inflate_into(static_cast<char*>(to), size);
  } else {
    std::memcpy(to, member_.bytes.data() + position_, size);
  }
  crc_ = static_cast<uint32_t>(crc32_z(crc_, static_cast<const Bytef*>(to), size));
  position_ += size;
}

std::string_view ZipMemberReader::rest() const {
  VIT_CHECK(is_mapped(), std::string(member_.name));
  return member_.bytes.substr(position_);
}

// zlib counts in 32 bits.
void ZipMemberReader::inflate_into(char* to, uint64_t size) {
  constexpr uint64_t kMost = uint64_t{1} << 30;
  while (size > 0) {
    const char* next = stream_.next_in == nullptr ? member_.bytes.data()
                                                  : reinterpret_cast<const char*>(stream_.next_in);
    const uint64_t unread =
        member_.bytes.size() - static_cast<uint64_t>(next - member_.bytes.data());
    const auto room = static_cast<uInt>(std::min(size, kMost));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(next));
    stream_.avail_in = static_cast<uInt>(std::min(unread, kMost));
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = room;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const uint64_t made = room - stream_.avail_out;
    to += made;
    size -= made;
    const bool is_stuck = made == 0 && result != Z_OK;
    if ((result != Z_OK && result != Z_STREAM_END) || is_stuck || (result == Z_STREAM_END && size))
      throw FileFlaw(fmt::format("has damaged deflated data in {}", in_quotes(member_.name)));
  }
}

void ZipMemberReader::finish() {
  if (is_mapped() && left() > 0) {  // rest() handed it out
    const std::string_view bytes = rest();
    crc_ = static_cast<uint32_t>(
        crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    position_ = member_.size;
  }
  VIT_CHECK(left() == 0, std::string(member_.name));
  if (member_.has_crc && crc_ != member_.crc)
    throw FileFlaw(
        fmt::format("has damaged data in {} (the checksum differs)", in_quotes(member_.name)));
}

std::string read_member(const ZipMember& member, uint64_t limit) {
  if (member.size > limit) {
    throw FileFlaw(fmt::format("has {} bytes in {}; {} is the limit", member.size,
                               in_quotes(member.name), limit));
  }
  std::string content(member.size, '\0');
  ZipMemberReader reader(member);
  reader.read(content.data(), content.size());
  reader.finish();
  return content;
}

}  // namespace vit
