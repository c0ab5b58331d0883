// The records of a TFRecord file, and the features of a tf.train.Example in one of them: as much of
// the protobuf wire format as that takes. Values are found by place; pictures are not read.
// Private to the data library.
#pragma once

#include "shard_file.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vit::detail {

// Bytes [begin, end) of a file.
struct ByteRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// A feature and its first value.
struct Feature {
  ByteRange place;
  std::optional<ByteRange> bytes;
  std::optional<int64_t> integer;
};

// True when the file begins with a record's length and its right checksum.
bool looks_like_tfrecord(const std::filesystem::path& path);

// Calls `visit` with the place of every record's data; four bytes of checksum follow them. Throws
// DataError naming the file and the place for lengths with a wrong checksum or beyond the end.
void walk_records(FileWindow& window, const std::function<void(ByteRange record)>& visit);

// Whether the checksum behind a record's data is theirs.
bool record_is_whole(std::string_view data_and_checksum);

// Calls `visit` with every feature of an Example. Throws DataError naming the file and the place
// for bytes that are none.
void walk_features(FileWindow& window, ByteRange example,
                   const std::function<void(const std::string& key, const Feature&)>& visit);

// All numbers of the feature at `place`, whole ones or floats; none when it holds bytes.
std::vector<double> read_numbers(FileWindow& window, ByteRange place);

}  // namespace vit::detail
