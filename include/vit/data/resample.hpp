// Antialiased resampling that equals that of Pillow 13: separable, support scaled by the reduction,
// 8-bit intermediate, rounding as in its ImagingResample (fixed point, 22 bits), the same order of
// the two passes. `bilinear_tensorflow` is the other bilinear, that of tf.image.resize without
// antialiasing: two neighbours in each direction however much is reduced, half-pixel centres,
// float32, and fractions cut off at the end as big_vision does (vit_jax goes on with fractions).
#pragma once

#include "vit/data/image.hpp"

#include <array>
#include <utility>

namespace vit {

enum class Interpolation { kBilinear, kBicubic, kBox, kBilinearTensorflow };

constexpr auto enum_names(Interpolation) {
  return std::array{std::pair{"bilinear", Interpolation::kBilinear},
                    std::pair{"bicubic", Interpolation::kBicubic},
                    std::pair{"box", Interpolation::kBox},
                    std::pair{"bilinear_tensorflow", Interpolation::kBilinearTensorflow}};
}

// A rectangle of whole pixels inside an image.
struct Box {
  int64_t top = 0, left = 0;
  int64_t height = 0, width = 0;
  int64_t area() const { return height * width; }
  bool operator==(const Box&) const = default;
};

Image crop(const Image& image, const Box& box);

// Resizes the whole image, or the part in `box` (pixels outside the box do not contribute, as after
// a crop).
Image resize(const Image& image, Extent size, Interpolation interpolation);
Image resize(const Image& image, const Box& box, Extent size, Interpolation interpolation);

// crop(resize(image, size, interpolation), window), computing only what the window shows.
Image resize_then_crop(const Image& image, Extent size, const Box& window,
                       Interpolation interpolation);

// In place, left-right.
void flip_horizontally(Image& image);

// The size torchvision's Resize(int) gives: the shorter side becomes `shorter`, the other
// int(shorter * long / short).
Extent shorter_side_extent(Extent image, int64_t shorter);

// The smallest size of the image's own shape that covers `target`: the rule above for a square
// target, else that of timm's ResizeKeepRatio.
Extent covering_extent(Extent image, Extent target);

// The box of torchvision's CenterCrop: offsets round((H - h) / 2), half to even. The image must be
// at least that large.
Box center_box(Extent image, Extent size);

}  // namespace vit
