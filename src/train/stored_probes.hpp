// The answers of a run's probes (eval.probes), read back from metrics.jsonl.
#pragma once

#include "train/probes/summary.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vit {

struct StoredProbe {
  std::string probe, split, weights;  // "few_shot", "val", "raw" or "average"
  int64_t step = 0;
  ProbeSummary summary;  // over the seeds

  // "few_shot shots 10 l2 1024 on val", with "averaged" behind it of averaged weights.
  std::string title() const;
};

// Of every question the last answer that was given by `step`, in the order of the file. Lines that
// are no answers, or in pieces, are passed over. Throws DataError when the file cannot be read;
// without one there are no answers.
std::vector<StoredProbe> stored_probes(const std::filesystem::path& run, int64_t step);

}  // namespace vit
