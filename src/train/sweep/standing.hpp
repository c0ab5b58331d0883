// How a point of a sweep stands, read from what its run left in its folder.
#pragma once

#include "vit/train/run_config.hpp"

#include "train/stored_probes.hpp"
#include "train/stored_summary.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace vit {

// With what summary.json says; of a changed point, `message` says what has changed.
struct Standing : StoredSummary {
  enum class State {
    kNew,       // nothing there, or nothing that would be lost
    kStarted,   // stopped or killed on the way: goes on
    kDone,      // to its end, or to that of its patience
    kDiverged,  // a point without a number; it would come to the same end again
    kFailed,    // ended with an error: tried again
    kChanged,   // done or started with another configuration
  };
  State state = State::kNew;
  std::vector<StoredProbe> probes;  // as of the best evaluation, or else the last

  bool is_over() const { return state == State::kDone || state == State::kDiverged; }
};

// Keys that may change when a run is resumed make no other run.
Standing standing_of(const std::filesystem::path& run, const RunConfig& config);

// Steps done and steps in all of a run that is being trained, from metrics.jsonl.
struct RunProgress {
  int64_t step = 0, total_steps = 0;
};
std::optional<RunProgress> progress_of(const std::filesystem::path& run);

}  // namespace vit
