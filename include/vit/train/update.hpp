// One update of the weights: the training algorithm proper, without anything around it.
#pragma once

#include "vit/train/assemble.hpp"
#include "vit/train/batch_stream.hpp"
#include "vit/train/metrics.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace vit {

struct Update {
  at::Tensor loss;       // of the whole batch as mixed, before the update; a device scalar
  at::Tensor grad_norm;  // before clipping; a device scalar
  double lr = 0;
};

// Update number `step` (from 0) from the next batches.accumulate parts of a batch: gradient, clip,
// optimizer, average. A function of (config, step): mixing and dropout are keyed by the step. Never
// waits for the device; from the first non-finite loss or norm on, `guard` makes it a no-op.
Update update_weights(Parts& parts, BatchStream& batches, FiniteGuard& guard, int64_t step);

}  // namespace vit
