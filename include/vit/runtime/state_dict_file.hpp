// Weights that PyTorch saved: a zip archive of a pickle and of one raw file per storage (.pth, .pt,
// .bin since PyTorch 1.6).
//
// Only data are read. The pickle may mention the few names that state dicts are made of; a file
// that asks for anything else is refused and the name is told, for nothing is ever executed. Views,
// shared storages and strides are kept and checked. The weights are the saved dictionary itself, or
// what it has under "model", "state_dict", "model_state_dict", or the average of a training
// program ("model_ema", "state_dict_ema", "ema"), in this order of preference. Values that are no
// tensors are passed over. Errors are CheckpointError.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <filesystem>

namespace vit {

// In the dictionary's order, under the names in the file. Tensors are views of the mapped file
// where its bytes allow it (do not write to them), and may be strided.
NamedTensors read_state_dict(const std::filesystem::path& path);

}  // namespace vit
