// Pillow's GaussianBlur: three box blurs of fractional width in each direction (Gwosdek et al.
// 2011), in 24-bit fixed point, the outermost pixels repeated.
#pragma once

#include "vit/data/image.hpp"

namespace vit::detail {

// `radius` is the standard deviation in pixels.
void gaussian_blur(Image& image, float radius);

}  // namespace vit::detail
