// Near-duplicates: pictures of a training set that are also in a test set, as they are or
// recompressed, resized, trimmed a little, made brighter or mirrored; or copies within one set.
//
// Every picture is decoded once, at a small size, by the loader's threads. Candidates have hashes
// that differ in few bits (src/data/perceptual_hash.hpp) and thumbnails that are alike; whether one
// is exact is told by its pixels. Only what is tested against is kept in memory, 0.8 kB a picture.
//
// With the limits below practically all copies are found that were recompressed, resized, mirrored,
// made a fifth brighter or darker, or trimmed by 2 % on each side, and 78 % of those trimmed by 4 %;
// among 3.2 million pairs of different photographs none is reported (docs/duplicates.md).
#pragma once

#include "vit/data/dataset.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace vit {

struct DedupConfig {
  DataSection data;
  std::optional<DataSection> test;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&DedupConfig::data>("The pictures that are judged."),
        field<&DedupConfig::test>("Those they must not be copies of (null: other splits).")};
  }
};

struct DedupRequest {
  DedupConfig config;
  bool within = false;                   // compares a set with itself
  std::string split;                     // of data; empty: as training does
  std::vector<std::string> test_splits;  // none: all but that of training
  int64_t distance = 14;                 // bits of 64 in which hashes of copies may differ
  double similarity = 0.9;               // that their thumbnails need, at most 1
  bool mirrored = true;                  // whether a mirrored picture is a copy
  int64_t threads = 0;                   // 0: one for each usable CPU
};

struct Duplicate {
  std::string name;       // as data.exclude wants it
  std::string original;   // the picture of the test set, or the earlier one of the same set
  bool is_exact = false;  // the same bytes, or the same pixels
  bool is_mirrored = false;
  int distance = 0;
  double similarity = 1;
};

struct DedupResult {
  std::vector<Duplicate>
      duplicates;  // in the order of the data set, each with its closest original
  int64_t pictures = 0, test_pictures = 0;  // that were read
  int64_t unreadable = 0;                   // of both, with on_error: skip
};

// With `within` a picture is a copy of an earlier one that is none itself, so that one of each
// group stays. Throws DataError for unreadable pictures (unless on_error says skip) and for sets
// without pictures, ConfigError for a request that makes no sense.
DedupResult find_duplicates(const DedupRequest& request);

// The list that data.exclude reads, written whole or not at all. Throws DataError.
void write_exclusions(const std::filesystem::path& path, const DedupResult& result);

}  // namespace vit
