// A tensor and the name it has in checkpoints: the currency between models, optimizers and files.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace vit {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
using NamedTensors = std::vector<NamedTensor>;

// The entry called `name`, or nullptr.
const at::Tensor* find_tensor(const NamedTensors& tensors, const std::string& name);

}  // namespace vit
