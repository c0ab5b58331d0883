// The arithmetic of mixing, apart from what is drawn.
#pragma once

#include "vit/core/extent.hpp"
#include "vit/data/resample.hpp"
#include "vit/train/batch_stream.hpp"

#include <cstdint>
#include <span>

namespace vit {

// What an image gets of its partner: inside `box` its pixels become keep * own + (1 - keep) *
// partner's; outside they stay. Nothing by default.
struct Blend {
  Box box;
  double keep = 1;

  // The partner's part of an image of this size, and so of the label.
  double given(Extent image) const {
    return (1 - keep) * static_cast<double>(box.area()) / static_cast<double>(image.area());
  }
};

// The whole image, `lambda` of it its own.
Blend mixup_blend(double lambda, Extent image);

// A box of the image's shape and 1 - lambda of its area (sides rounded down, as timm) around a
// centre inside it, cut off at the border. What is replaced, and so the label, follows from what is
// left of the box.
Blend cutmix_blend(double lambda, int64_t center_y, int64_t center_x, Extent image);

// `batch` blended with `partners`, row by row: one blend for all, or one a row. Both have images
// [B, C, H, W] and class numbers int64 [B]; the result has targets float32 [B, classes] and all
// else of `batch`. Does not wait for the device.
Batch blended(const Batch& batch, const Batch& partners, std::span<const Blend> blends,
              int64_t classes);

}  // namespace vit
