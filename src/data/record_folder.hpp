// A folder of record shards: `records.json`, which says what was packed and how many shards each
// split has, and the shards SPLIT-00000.vitrec and so on. Private to the data library.
#pragma once

#include "vit/data/dataset.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace vit::detail {

struct RecordFolder {
  DataInfo info;
  bool sorted_by_class = false;
  uint64_t fingerprint = 0;
  std::map<std::string, int64_t> shards;  // by split

  static std::filesystem::path shard_path(const std::filesystem::path& folder,
                                          const std::string& split, int64_t number);
};

bool is_record_folder(const std::filesystem::path& folder);
RecordFolder read_record_folder(const std::filesystem::path& folder);  // throws DataError
void write_record_folder(const std::filesystem::path& folder, const RecordFolder& content);

}  // namespace vit::detail
