// The two sides of a search for duplicates: which splits they are, and what every picture of one
// looks like. Private to the data library.
#pragma once

#include "vit/data/dedup.hpp"
#include "vit/data/loader.hpp"

#include "perceptual_hash.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vit::detail {

struct PictureSet {
  std::string split;
  std::string section;  // of the configuration: "data" or "test"
  DataCommon common;
  std::unique_ptr<Dataset> pictures;
};

struct SetsToCompare {
  std::unique_ptr<DataSource> source, test_source;  // the second only for other data
  PictureSet judged;
  std::vector<PictureSet> tests;  // none when a set is compared with itself
};

// Throws DataError, also for splits without pictures, and ConfigError when there is nothing to
// compare with.
SetsToCompare open_sets(const DedupRequest& request);

// Calls `use` for every readable picture in order, on this thread, while `threads` others decode;
// shows progress. Returns how many could not be read; names the first of them. Throws
// UnreadablePicture for those unless the section's on_error says skip.
int64_t for_each_sketch(const PictureSet& set, int64_t threads,
                        const std::function<void(int64_t index, const Sketch& sketch)>& use);

}  // namespace vit::detail
