// Starting values of parameters, by the rules of the reference implementation (Flax's
// initialisers).
//
// An Initializer fills one tensor from one generator. Which rule a parameter gets is said where the
// parameter is created.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <functional>

namespace vit {

using Initializer = std::function<void(at::Tensor& values, const at::Generator& generator)>;

Initializer constant(double value);
Initializer normal(double standard_deviation);

// Normal truncated at two standard deviations and widened again, so that the variance is 1 / fan_in
// (LeCun et al. 1998).
Initializer lecun_normal(int64_t fan_in);

// Uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16).
Initializer xavier_uniform(int64_t fan_in, int64_t fan_out);

}  // namespace vit
