// The orientation a camera wrote into a JPEG, PNG or WebP, and turning by it. Private to the data
// library.
#pragma once

#include "vit/data/image.hpp"

#include <string_view>

namespace vit::detail {

// 1 to 8 as in the EXIF standard; 1, upright, where there is none or none that makes sense.
int exif_orientation(std::string_view bytes);

// Whether turning swaps height and width.
inline bool swaps_sides(int orientation) { return orientation >= 5; }

// As Pillow's ImageOps.exif_transpose.
Image upright(const Image& image, int orientation);

}  // namespace vit::detail
