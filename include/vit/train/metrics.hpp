// Numbers that live on the device between reports, so that the step never waits for it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>

namespace vit {

// Sums of loss and gradient norm since the last report. Part of a checkpoint: the first line after
// a resume is then the same.
class MetricWindow {
 public:
  explicit MetricWindow(at::Device device);

  void add(const at::Tensor& loss, const at::Tensor& grad_norm);  // device scalars

  struct Means {
    double loss = 0, grad_norm = 0;
  };
  Means drain();  // waits for the device; starts a new window

  at::Tensor sums;    // [2] float64: loss, gradient norm
  int64_t steps = 0;  // in the window
};

// Latches the first step whose loss or gradient norm was not finite; from then on updates are
// no-ops on the device.
class FiniteGuard {
 public:
  explicit FiniteGuard(at::Device device);

  // Returns the optimizer's `skip` flag: float32 scalar, 1 from the first bad step on.
  at::Tensor watch(const at::Tensor& loss, const at::Tensor& grad_norm, int64_t step);

  // The first bad step (the number of updates done before it), or -1. Waits for the device.
  int64_t first_bad_step() const;

 private:
  at::Tensor bad_step_;  // int64 scalar, -1 while all is well
};

}  // namespace vit
