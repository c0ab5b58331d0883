// All trainable parameters as views of one flat fp32 tensor, and their gradients as views of
// another.
//
// Zeroing, norm, clip, optimizer, averaging and (later) the reduction over processes are then one
// operation on one tensor, and gradient addresses never change, which a CUDA graph needs.
// Parameters are sorted into contiguous groups of equal traits; within a group they keep the
// model's order. Each parameter starts at a multiple of 16 elements; the padding is zero and stays
// zero. Frozen parameters are left where they are and lose requires_grad.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <cstdint>
#include <vector>

namespace vit {

// What the policy decides for one parameter.
struct ParameterTraits {
  double decay = 1.0;     // factor on the optimizer's weight decay
  double lr_scale = 1.0;  // factor on the learning rate
  bool frozen = false;

  bool operator==(const ParameterTraits&) const = default;
};

// A contiguous range of the flat tensors with equal traits.
struct ParameterGroup {
  double decay = 1.0;
  double lr_scale = 1.0;
  int64_t begin = 0, end = 0;
  at::Tensor values;  // [end - begin], view of FlatParameters::values()
  at::Tensor grads;   // [end - begin], view of FlatParameters::grads()
};

class FlatParameters {
 public:
  // Moves the parameters (leaf tensors, one device, fp32) into flat storage; the tensors handed in
  // become views of it, so the model that holds them trains on the flat storage from here on.
  // traits[i] belongs to parameters[i].
  FlatParameters(const NamedTensors& parameters, const std::vector<ParameterTraits>& traits);

  at::Tensor& values() { return values_; }
  at::Tensor& grads() { return grads_; }
  const at::Tensor& values() const { return values_; }
  const at::Tensor& grads() const { return grads_; }
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  int64_t trainable_count() const { return trainable_count_; }  // without padding

  void zero_grad();  // one fill

  // Views of `flat`, a tensor shaped like values(), named and shaped like the trainable parameters:
  // `prefix` + name. This is how optimizer moments and averages are saved and restored.
  NamedTensors views_of(const at::Tensor& flat, const std::string& prefix = "") const;

 private:
  struct Slot {
    std::string name;
    std::vector<int64_t> shape;
    int64_t offset;
  };
  std::vector<Slot> slots_;
  std::vector<ParameterGroup> groups_;
  at::Tensor values_, grads_;
  int64_t trainable_count_ = 0;
};

}  // namespace vit
