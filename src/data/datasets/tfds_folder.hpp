// Whether a folder of TFRecords is whole: by the numbers in the names of its files, and by what
// TensorFlow Datasets writes beside its own.
#pragma once

#include "shard_list.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vit {

// The file beside every set of TensorFlow Datasets.
inline constexpr const char* kTfdsInfo = "dataset_info.json";

// "kitti-test.tfrecord-00001-of-00002" when the other one is there and this is not; "" when none is
// missing.
std::string missing_shard(const std::vector<ShardPlace>& places);

// The records of each split, by canonical name, as the file tells; those of which it tells none are
// left out. Throws DataError when it is no JSON.
std::map<std::string, int64_t> records_in_tfds_info(const std::filesystem::path& file);

}  // namespace vit
