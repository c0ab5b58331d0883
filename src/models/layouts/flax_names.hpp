// What Flax trees look like on disk, before any name has a meaning: prefixes of training states,
// two ways to number modules, blocks stacked for a scan.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <string>
#include <vector>

namespace vit {

// The entries of the network, in linen's numbering, one per block. What belongs to the training run
// (optimizer state, step counters) goes to `ignored`.
NamedTensors flax_entries(NamedTensors file, std::vector<std::string>& ignored);

// From linen's numbering to that of the published files: within an encoder block, modules are
// counted across their classes.
std::string numbered_across_classes(const std::string& name);

}  // namespace vit
