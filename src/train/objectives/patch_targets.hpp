// What a patch shows, as something to predict (Dosovitskiy et al. 2021, B.1.2).
//
// B images, C channels, N patches, p x q pixels a patch
#pragma once

#include "vit/models/model.hpp"
#include "vit/train/batch_stream.hpp"

#include <ATen/core/Tensor.h>

namespace vit {

// Normalised images [B, C, H, W] back to pixels of 0 .. 255, cut into patches: [B, N, C, p, q].
// p x q is the pitch of the patches; pixels beyond the last whole patch are left out.
at::Tensor pixel_patches(const at::Tensor& images, const Normalisation& normalisation,
                         const PatchTokens& tokens);

// Colours of [.., C] in 0 .. 255 by three bits a channel: level min(7, floor(colour / 32)), the
// first channel counting most. int64 [..] in 0 .. 8^C - 1.
at::Tensor color_class(const at::Tensor& colors);

// Mean colour of each patch: [B, N, C, p, q] -> int64 [B, N, 1].
at::Tensor mean_color_classes(const at::Tensor& patches);

// The patch reduced to 4 x 4, each cell the mean of its pixels: -> int64 [B, N, 16], row by row.
at::Tensor downsized_classes(const at::Tensor& patches);

}  // namespace vit
