// Tensors over a mapped weight file. The map lives as long as any of them.
#pragma once

#include "vit/core/files.hpp"

#include <ATen/core/Tensor.h>

#include <memory>
#include <string_view>

namespace vit {

// The map of a weight file; CheckpointError where there is none to be had.
std::shared_ptr<const MappedFile> map_weights(const fs::path& path);

// A contiguous tensor of these bytes of the file, which are as many as type and shape need. Without
// copying, unless the bytes are not aligned to the element or hold booleans (a byte that is neither
// 0 nor 1 must not become a bool as it is).
at::Tensor mapped_tensor(const std::shared_ptr<const MappedFile>& file, std::string_view bytes,
                         at::ScalarType type, at::IntArrayRef shape);

}  // namespace vit
