// Tensors out of zip archives.
#pragma once

#include "zip_archive.hpp"

#include <ATen/core/Tensor.h>

namespace vit {

// All that `reader` has left, which is as much as type and shape need, checked: a view of the
// mapped file where it can be one, else a copy. Throws FileFlaw.
at::Tensor read_tensor(const ZipArchive& archive, ZipMemberReader& reader, at::ScalarType type,
                       at::IntArrayRef shape);

}  // namespace vit
