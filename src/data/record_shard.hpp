// A shard of packed pictures: what vit-pack writes and the data set `records` reads.
//
//   header, 64 bytes   magic, version, number of records, place, length and checksum of the index,
//                      fingerprint of what was packed, checksum of the header
//   records            each at a multiple of 64 bytes: a JPEG, PNG or WebP, or plain pixels
//   index              32 bytes a record (place, length, label, checksum, size), then all names
//
// Numbers are little-endian, checksums XXH3-64. A shard has its name only when it is whole. Private
// to the data library.
#pragma once

#include "shard_file.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace vit::detail {

constexpr const char* kRecordEnding = ".vitrec";

struct RecordEntry {
  uint64_t offset = 0;
  uint32_t size = 0;
  int32_t label = 0;
  uint64_t checksum = 0;
  uint16_t height = 0, width = 0;  // of plain pixels; 0: encoded
  uint32_t name_end = 0;           // among the names
};
static_assert(sizeof(RecordEntry) == 32);

struct RecordIndex {
  uint64_t fingerprint = 0;
  std::vector<RecordEntry> entries;
  std::string names;

  std::string_view name(size_t i) const {
    const size_t begin = i == 0 ? 0 : entries[i - 1].name_end;
    return std::string_view(names).substr(begin, entries[i].name_end - begin);
  }
};

// Throws DataError naming the file when it is no shard, of another version, or damaged.
RecordIndex read_record_index(const ShardFile& file);

uint64_t record_checksum(std::string_view bytes);

// One picture as it is stored.
struct Record {
  std::string name;
  int32_t label = 0;
  std::string bytes;
  uint16_t height = 0, width = 0;
};

// Writes PATH.part, which finish() makes PATH. Throws DataError when the disk is full.
class RecordWriter {
 public:
  RecordWriter(std::filesystem::path path, uint64_t fingerprint);
  ~RecordWriter();  // an unfinished file is removed
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void add(const Record& record);
  void finish();

 private:
  void write(std::string_view bytes);

  std::filesystem::path path_, part_;
  std::ofstream file_;
  uint64_t at_ = 0;
  RecordIndex index_;
};

}  // namespace vit::detail
