// Asking several probes about one pair of splits, with one pass over each.
#pragma once

#include "features.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vit {

// `train` is the plan of the split the probes were made for; only the examples they need are looked
// at. Nothing when cancelled. Throws Diverged when a feature is no number.
std::optional<std::vector<ProbeAnswer>> ask(const std::vector<const NamedProbe*>& probes,
                                            const Model& model, const EvalPlan& train,
                                            const Features& test);

// Says so when images that a probe learns from are also those it is tested on.
void warn_of_shared(const std::string& probe, const std::string& split, const Dataset& train,
                    const Dataset& test);

}  // namespace vit
