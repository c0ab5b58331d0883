// The probes of a run, opened before its first step.
#pragma once

#include "vit/train/probe.hpp"
#include "vit/train/run_config.hpp"

#include <vector>

namespace vit {

// `splits` are what the run trains and validates on. Throws DataError when data or labels do not
// suffice for a probe.
std::vector<ProbeGroup> open_training_probes(const RunConfig& config, const DataSource& source,
                                             const SplitNames& splits);

}  // namespace vit
