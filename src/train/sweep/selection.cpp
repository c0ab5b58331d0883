#include "train/sweep/selection.hpp"

#include "train/spread.hpp"

#include <algorithm>
#include <cmath>

namespace vit {

std::vector<SweepGroup> groups_of(std::span<const std::string> group_of_run) {
  std::vector<SweepGroup> groups;
  for (size_t i = 0; i < group_of_run.size(); ++i) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const SweepGroup& group) {
      return group.name == group_of_run[i];
    });
    if (same != groups.end()) {
      same->runs.push_back(i);
    } else {
      groups.push_back({group_of_run[i], {i}});
    }
  }
  return groups;
}

std::optional<double> value_of(const Standing& run, const SelectConfig& select) {
  if (run.state != Standing::State::kDone) return std::nullopt;
  const std::optional<StoredScore>& score =
      select.at == SweepMoment::kBest ? run.best : run.final_score();
  if (!score) return std::nullopt;
  const double value = select.metric == SweepMetric::kTop1   ? score->top1
                       : select.metric == SweepMetric::kTop5 ? score->top5
                                                             : score->loss;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<size_t> best_group(std::span<const SweepGroup> groups, std::span<const Standing> runs,
                                 const SelectConfig& select) {
  std::optional<size_t> best;
  double best_value = 0;
  for (size_t g = 0; g < groups.size(); ++g) {
    std::vector<double> values;
    for (const size_t run : groups[g].runs) {
      if (const auto value = value_of(runs[run], select)) values.push_back(*value);
    }
    if (values.size() != groups[g].runs.size()) continue;
    const double sign = select.metric == SweepMetric::kLoss ? -1 : 1;
    const double value = sign * spread_of(values).mean;
    if (best && value <= best_value) continue;
    best = g;
    best_value = value;
  }
  return best;
}

}  // namespace vit
