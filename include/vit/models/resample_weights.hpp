// Weights for other sizes: position embeddings of another grid, patch kernels of another patch,
// first convolutions of other image channels. Computed in at least fp32, returned in fp32.
//
// There is no one way to resize position embeddings: each library has its own, and results differ
// by more than rounding. The variants carry the name of the code they reproduce.
#pragma once

#include "vit/core/extent.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace vit {

enum class PositionResize {
  kReference,           // vit_jax, big_vision: linear between grid corners
  kReferenceEdgeZeros,  // the same with the zeros SciPy writes into the last row and column where
                        // rounding puts them beyond the old grid (28x28 -> 48x48 and others)
  kTimm,                // timm, state dicts: bicubic, antialiased
  kTimmNpz,             // timm, .npz: bilinear
  kTorchvision,         // bicubic between grid corners
  kHuggingFace,         // bicubic
};

// [1, prefix + from.area(), D] -> [1, prefix + to.area(), D]; the first `prefix` entries (of tokens
// without a place) stay as they are, and everything does when from == to.
at::Tensor resize_position_embedding(const at::Tensor& embedding, int64_t prefix, Extent from,
                                     Extent to, PositionResize how = PositionResize::kTimm);

enum class PatchResize {
  kTimm,     // state dicts: for bicubic, antialiased resizing of the image
  kTimmNpz,  // .npz: for bilinear resizing
};

// [D, C, p, q] -> [D, C, to.height, to.width]: the kernel that gives the resized patch what the old
// one gives the patch, as nearly as can be (FlexiViT, Beyer et al. 2023, eq. 5).
at::Tensor resize_patch_kernel(const at::Tensor& kernel, Extent to, PatchResize how);

// [O, I, h, w] -> [O, channels, h, w]: summed for one channel, else repeated or cut, and scaled by
// I / channels (timm's rule, which knows I = 3).
at::Tensor adapt_input_channels(const at::Tensor& kernel, int64_t channels);

}  // namespace vit
