#include "vit/models/model.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>

namespace vit {

at::Tensor Model::encode_patches(const at::Tensor& /*images*/, Mode /*mode*/,
                                 const PatchEdit& /*edit*/) const {
  VIT_CHECK(false, "this network has no patches");
}

void move_to(Model& model, c10::Device device) {
  for (const NamedTensors* tensors : {&model.parameters(), &model.buffers()}) {
    for (const NamedTensor& entry : *tensors) {
      if (entry.tensor.device() == device) continue;
      // The layers hold the same tensor object: it gets other storage, it is not replaced.
      entry.tensor.set_data(entry.tensor.detach().to(device));
    }
  }
}

NamedTensors state_dict(const Model& model) {
  NamedTensors all = model.parameters();
  all.insert(all.end(), model.buffers().begin(), model.buffers().end());
  return all;
}

int64_t parameter_count(const Model& model) {
  int64_t count = 0;
  for (const NamedTensor& entry : model.parameters()) count += entry.tensor.numel();
  return count;
}

}  // namespace vit
