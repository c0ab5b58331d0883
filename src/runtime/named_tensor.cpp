#include "vit/runtime/named_tensor.hpp"

#include <algorithm>

namespace vit {

const at::Tensor* find_tensor(const NamedTensors& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &found->tensor;
}

}  // namespace vit
