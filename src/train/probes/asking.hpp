// Asking several probes about one pair of splits, with one pass over each.
#pragma once

#include "features.hpp"

#include <optional>
#include <vector>

namespace vit {

// `train` is the plan of the split the probes were made for; only the examples they need are looked
// at. Nothing when cancelled.
std::optional<std::vector<ProbeAnswer>> ask(const std::vector<const NamedProbe*>& probes,
                                            const Model& model, const EvalPlan& train,
                                            const Features& test);

}  // namespace vit
