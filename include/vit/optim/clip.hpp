// Global-norm gradient clipping on the flat gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace vit {

// Scales `grad` in place by max_norm / norm where its L2 norm exceeds max_norm (no epsilon, as
// optax); max_norm <= 0 only measures. Returns the norm before clipping, a float32 scalar on the
// device; no host synchronisation.
at::Tensor clip_by_norm_(at::Tensor& grad, double max_norm);

}  // namespace vit
