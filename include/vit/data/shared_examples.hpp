// Whether splits are apart.
#pragma once

#include "vit/data/dataset.hpp"

#include <cstdint>

namespace vit {

// How many examples of `b` have the name of one of `a`.
int64_t shared_examples(const Dataset& a, const Dataset& b);

}  // namespace vit
