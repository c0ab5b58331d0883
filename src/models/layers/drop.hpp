// Noise that training adds: dropout of single values and stochastic depth, which drops a residual
// branch for whole examples.
//
// Both draw from LibTorch's default generator on the tensor's device and never wait for it. In
// evaluation, or at rate 0, the input itself is returned.
#pragma once

#include "vit/models/model.hpp"

namespace vit {

// Srivastava et al. 2014; survivors are scaled by 1 / (1 - rate).
at::Tensor dropout(const at::Tensor& x, double rate, Mode mode);

// Huang et al. 2016. Zeroes `branch` for each example of the batch (dimension 0) with probability
// `rate`; survivors are scaled by 1 / (1 - rate).
at::Tensor stochastic_depth(const at::Tensor& branch, double rate, Mode mode);

}  // namespace vit
