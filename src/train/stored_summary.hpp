// summary.json of a run folder, read back: how the run ended and what it came to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace vit {

// One evaluation; fractions. NaN: not a number there.
struct StoredScore {
  double top1 = 0, top5 = 0, loss = 0;
  int64_t step = 0, n = 0;
  std::string weights;  // "raw" or "average"
  int64_t top1_count = 0;
};

struct StoredSummary {
  std::string status;   // "done", "early_stopped", "interrupted", ...
  std::string message;  // of an error
  int64_t exit_code = -1;
  double wall_s = 0;
  int64_t examples = 0;                                            // shown in training
  std::optional<double> step, epoch;                               // that it came to
  std::optional<double> parameters, macs, exaflops, device_hours;  // what old runs did not note
  std::optional<StoredScore> best, last, last_average;

  // Came to its end, or to that of its patience.
  bool is_finished() const { return status == "done" || status == "early_stopped"; }
  // The averaged weights of the last evaluation where there are any, else the raw ones.
  const std::optional<StoredScore>& final_score() const {
    return last_average ? last_average : last;
  }
};

// Nothing when `run` has no summary.json, or one that is no JSON object. Throws DataError when the
// file cannot be read.
std::optional<StoredSummary> stored_summary(const std::filesystem::path& run);

}  // namespace vit
