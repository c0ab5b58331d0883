// What the optimizers share: arithmetic on device scalars, so that nothing waits for the device and
// an update can be captured in a CUDA graph.
#pragma once

#include "vit/runtime/flat_parameters.hpp"

#include <ATen/ATen.h>
#include <c10/util/BFloat16.h>

#include <vector>

namespace vit {

// The learning rate of each group as a scalar on the parameters' device: the one input of an update
// that changes from step to step. LibTorch's fused CPU kernels take it in double.
class GroupRates {
 public:
  explicit GroupRates(const FlatParameters& parameters) {
    const at::Device device = parameters.values().device();
    const auto type = device.is_cpu() ? at::kDouble : at::kFloat;
    for (size_t i = 0; i < parameters.groups().size(); ++i) {
      rates_.push_back(at::zeros({}, at::TensorOptions().device(device).dtype(type)));
    }
  }

  void set(const FlatParameters& parameters, double lr) {
    for (size_t i = 0; i < rates_.size(); ++i) {
      rates_[i].fill_(lr * parameters.groups()[i].lr_scale);
    }
  }

  const at::Tensor& operator[](size_t group) const { return rates_[group]; }

 private:
  std::vector<at::Tensor> rates_;
};

// The part of a tensor shaped like the flat parameters that belongs to one group.
inline at::Tensor slice_of(const at::Tensor& flat, const ParameterGroup& group) {
  return flat.narrow(0, group.begin, group.end - group.begin);
}

// JAX rounds a decay constant to the type of the state it acts on: 0.9 becomes 0.8984375. The
// published models were trained that way.
inline double as_bfloat16(double decay) {
  return static_cast<double>(static_cast<float>(c10::BFloat16(static_cast<float>(decay))));
}

// target <- value where `skip` is 0, untouched where it is 1 (also when value is NaN).
inline void store_unless(const at::Tensor& skip, at::Tensor& target, const at::Tensor& value) {
  target.copy_(at::where(skip.ne(0), target, value));
}

}  // namespace vit
