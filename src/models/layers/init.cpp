#include "init.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace vit {

namespace {

// Standard deviation of a standard normal truncated to [-2, 2].
constexpr double kTruncatedDeviation = 0.87962566103423978;

}  // namespace

Initializer constant(double value) {
  return [value](at::Tensor& values, const at::Generator&) { values.fill_(value); };
}

Initializer normal(double standard_deviation) {
  return [standard_deviation](at::Tensor& values, const at::Generator& generator) {
    values.normal_(0.0, standard_deviation, generator);
  };
}

Initializer lecun_normal(int64_t fan_in) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(fan_in)) / kTruncatedDeviation;
  return [scale](at::Tensor& values, const at::Generator& generator) {
    // Inverse transform: erf(2 / sqrt 2) bounds a uniform variable whose inverse error function
    // lies within two deviations.
    const double bound = std::erf(std::sqrt(2.0));
    values.uniform_(-bound, bound, generator);
    values.erfinv_().mul_(std::sqrt(2.0)).clamp_(-2.0, 2.0).mul_(scale);
  };
}

Initializer xavier_uniform(int64_t fan_in, int64_t fan_out) {
  const double limit = std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
  return [limit](at::Tensor& values, const at::Generator& generator) {
    values.uniform_(-limit, limit, generator);
  };
}

}  // namespace vit
