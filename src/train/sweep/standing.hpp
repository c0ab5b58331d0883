// How a point of a sweep stands, read from what its run left in its folder.
#pragma once

#include "vit/train/run_config.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace vit {

// One evaluation as summary.json has it; fractions. NaN: not a number there.
struct SweepScore {
  double top1 = 0, top5 = 0, loss = 0;
  int64_t step = 0, n = 0;
  std::string weights;  // "raw" or "average"
};

struct Standing {
  enum class State {
    kNew,       // nothing there, or nothing that would be lost
    kStarted,   // stopped or killed on the way: goes on
    kDone,      // to its end, or to that of its patience
    kDiverged,  // a point without a number; it would come to the same end again
    kFailed,    // ended with an error: tried again
    kChanged,   // done or started with another configuration
  };
  State state = State::kNew;
  std::string status;   // as in summary.json: "done", "early_stopped", "interrupted", ...
  std::string message;  // of an error; what has changed
  std::optional<SweepScore> best, last, last_average;
  double wall_s = 0;

  bool is_over() const { return state == State::kDone || state == State::kDiverged; }
  // The averaged weights of the last evaluation where there are any, else the raw ones.
  const std::optional<SweepScore>& final_score() const {
    return last_average ? last_average : last;
  }
};

// Keys that may change when a run is resumed make no other run.
Standing standing_of(const std::filesystem::path& run, const RunConfig& config);

// Steps done and steps in all of a run that is being trained, from metrics.jsonl.
struct RunProgress {
  int64_t step = 0, total_steps = 0;
};
std::optional<RunProgress> progress_of(const std::filesystem::path& run);

}  // namespace vit
