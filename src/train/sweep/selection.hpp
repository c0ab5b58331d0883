// The runs of a sweep that belong together, and which point is the best.
#pragma once

#include "train/sweep/standing.hpp"
#include "train/sweep/sweep_config.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vit {

// The runs of one point, the seeds apart: places in the list of runs.
struct SweepGroup {
  std::string name;
  std::vector<size_t> runs;
};
// In the order of their first runs.
std::vector<SweepGroup> groups_of(std::span<const std::string> group_of_run);

// What `select` compares of a run; nothing when it has no such number.
std::optional<double> value_of(const Standing& run, const SelectConfig& select);

// The group with the best mean: highest accuracy, or lowest loss; the first of equals. Groups in
// which a run has no number are out. Nothing when all are.
std::optional<size_t> best_group(std::span<const SweepGroup> groups, std::span<const Standing> runs,
                                 const SelectConfig& select);

}  // namespace vit
