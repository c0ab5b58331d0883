// Fixed position embeddings. Learned ones are a plain parameter.
#pragma once

#include "vit/core/extent.hpp"

#include <ATen/core/Tensor.h>

namespace vit {

// Sines and cosines of column and row at geometric frequencies (the "sincos2d" of Beyer et al.
// 2022): [1, prefix + h*w, width], width a multiple of 4. The first `prefix` entries, of tokens
// without a place, are zero.
at::Tensor sincos_position_embedding(Extent grid, int64_t width, int64_t prefix);

}  // namespace vit
