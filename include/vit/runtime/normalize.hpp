// Images travel as bytes and become numbers on the device: (x / 255 - mean) / std per channel,
// computed in fp32.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

namespace vit {

// images: uint8 [B, C, H, W], any strides. mean and std are on the scale 0..1 and have one value
// for all channels or one for each. Returns [B, C, H, W] of type `dtype`. Uses our own CUDA kernel
// where there is one; no host synchronisation.
at::Tensor normalize_images(const at::Tensor& images, std::span<const double> mean,
                            std::span<const double> std, at::ScalarType dtype);

}  // namespace vit
