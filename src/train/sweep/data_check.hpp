// Whether the data of a sweep's runs are there and its splits apart, before compute is spent.
#pragma once

#include "train/sweep/plan.hpp"
#include "train/sweep/sweep_config.hpp"

#include <optional>
#include <vector>

namespace vit {

// Opens the data of these runs as training will, no picture of them, and nothing twice. With
// `select` also the splits of the last runs, and nothing that is trained on may be compared or
// tested on. Throws Error(kData or kConfig) naming a run.
void check_data(const std::vector<const SweepRun*>& runs,
                const std::optional<SelectConfig>& select);

}  // namespace vit
