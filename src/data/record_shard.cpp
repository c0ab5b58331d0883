#include "record_shard.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace vit::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr char kMagic[8] = {'V', 'I', 'T', 'R', 'E', 'C', '\r', '\n'};
constexpr uint32_t kVersion = 1;
constexpr uint64_t kAlignment = 64;

struct Header {
  char magic[8] = {};
  uint32_t version = kVersion, count = 0;
  uint64_t index_offset = 0, index_size = 0, index_checksum = 0, fingerprint = 0;
  uint64_t unused = 0, checksum = 0;

  uint64_t own_checksum() const { return XXH3_64bits(this, sizeof(Header) - sizeof checksum); }
};
static_assert(sizeof(Header) == kAlignment);

[[noreturn]] void damaged(const ShardFile& file, const std::string& problem) {
  throw DataError(
      fmt::format("'{}' is damaged: {}\nremove it and run vit-pack again, which makes "
                  "what is missing",
                  file.path().string(), problem));
}

Header read_header(const ShardFile& file) {
  Header header;
  if (file.size() < static_cast<int64_t>(sizeof header)) damaged(file, "it is too short");
  const std::string bytes = file.read(0, sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) damaged(file, "it holds no records");
  if (header.version != kVersion) {
    throw DataError(
        fmt::format("'{}' has version {} of the format, {} is read\npack the data again",
                    file.path().string(), header.version, kVersion));
  }
  if (header.checksum != header.own_checksum()) damaged(file, "its header has a wrong checksum");
  const auto size = static_cast<uint64_t>(file.size());
  if (header.index_offset > size || header.index_size != size - header.index_offset ||
      header.index_size / sizeof(RecordEntry) < header.count) {
    damaged(file, "its length is not that of its header");
  }
  return header;
}

}  // namespace

uint64_t record_checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

RecordIndex read_record_index(const ShardFile& file) {
  const Header header = read_header(file);
  const std::string bytes =
      file.read(static_cast<int64_t>(header.index_offset), static_cast<int64_t>(header.index_size));
  if (record_checksum(bytes) != header.index_checksum) {
    damaged(file, "its index has a wrong checksum");
  }
  RecordIndex index{header.fingerprint, std::vector<RecordEntry>(header.count), ""};
  const size_t length = index.entries.size() * sizeof(RecordEntry);
  if (length > 0) std::memcpy(index.entries.data(), bytes.data(), length);
  index.names = bytes.substr(length);
  uint32_t name_begin = 0;
  for (const RecordEntry& entry : index.entries) {
    if (entry.offset > header.index_offset || entry.size > header.index_offset - entry.offset ||
        entry.name_end < name_begin || entry.name_end > index.names.size()) {
      damaged(file, "its index points outside the file");
    }
    name_begin = entry.name_end;
  }
  return index;
}

RecordWriter::RecordWriter(std::filesystem::path path, uint64_t fingerprint)
    : path_(std::move(path)), part_(path_.string() + ".part") {
  file_.open(part_, std::ios::binary | std::ios::trunc);
  index_.fingerprint = fingerprint;
  write(std::string(sizeof(Header), '\0'));
}

RecordWriter::~RecordWriter() {
  file_.close();
  std::error_code ignored;
  fs::remove(part_, ignored);
}

void RecordWriter::write(std::string_view bytes) {
  errno = 0;
  if (file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    at_ += bytes.size();
    return;
  }
  throw DataError(
      fmt::format("cannot write '{}': {}\nfree some space there, or choose another folder",
                  part_.string(), errno != 0 ? std::strerror(errno) : "unknown reason"));
}

void RecordWriter::add(const Record& record) {
  index_.names += record.name;
  index_.entries.push_back({at_, static_cast<uint32_t>(record.bytes.size()), record.label,
                            record_checksum(record.bytes), record.height, record.width,
                            static_cast<uint32_t>(index_.names.size())});
  write(record.bytes);
  write(std::string((kAlignment - at_ % kAlignment) % kAlignment, '\0'));
}

void RecordWriter::finish() {
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.count = static_cast<uint32_t>(index_.entries.size());
  header.index_offset = at_;
  std::string index(index_.entries.size() * sizeof(RecordEntry), '\0');
  if (!index.empty()) std::memcpy(index.data(), index_.entries.data(), index.size());
  index += index_.names;
  header.index_size = index.size();
  header.index_checksum = record_checksum(index);
  header.fingerprint = index_.fingerprint;
  header.checksum = header.own_checksum();
  write(index);
  file_.seekp(0);
  write({reinterpret_cast<const char*>(&header), sizeof header});
  file_.close();
  if (!file_) throw DataError(fmt::format("cannot write '{}'", part_.string()));
  flush_to_disk(part_);
  fs::rename(part_, path_);
  flush_to_disk(path_.parent_path());
}

}  // namespace vit::detail
