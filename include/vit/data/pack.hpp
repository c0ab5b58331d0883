// Packs a data set into record shards (the data set `records`): the bytes as they are, or pictures
// made smaller once and for all. An interrupted packing goes on with the shards that are missing,
// as long as options, names and labels are the same; whether a picture's content has changed
// meanwhile is not looked at.
//
// The training split is packed without what data.exclude, data.fraction and data.count leave out.
// Compressed tars are unpacked beside the shards first, once, which takes the room of both; the
// copies go when the packing is done.
#pragma once

#include "vit/core/error.hpp"
#include "vit/data/dataset.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

namespace vit {

struct PackConfig {
  DataSection data;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&PackConfig::data>("What is packed.")};
  }
};

struct PackRequest {
  PackConfig config;
  std::filesystem::path out;
  std::vector<std::string> splits;  // none: all
  int64_t resize = 0;  // shorter side of larger pictures, which become JPEGs; 0: bytes as they are
  int quality = 90;    // of these JPEGs
  int64_t raw = 0;     // shorter side of larger pictures, kept as plain pixels; 0: not so
  int64_t per_shard = 10'000;
  int64_t threads = 0;  // 0: one for each usable CPU
};

struct PackResult {
  int64_t shards_written = 0, shards_kept = 0;
  int64_t examples = 0, left_out = 0;  // left_out: unreadable, with data.on_error: skip
  double bytes = 0;                    // of the pictures written
};

// "3 shards written, 1 were there; 25 000 pictures, 1.2 GiB, 2 left out".
std::string summary(const PackResult& result);

// `stop` is asked between pictures; another answer than kDone ends the packing with an Error of
// that code. What is incomplete is then removed, and the same request goes on later. Throws
// DataError, also when `out` holds something that was packed otherwise, and ConfigError for a
// request that makes no sense.
PackResult pack(const PackRequest& request, ExitCode (*stop)() = nullptr);

}  // namespace vit
