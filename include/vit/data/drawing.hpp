// Pictures put together from pictures: sheets of tiles, colours for numbers, light on what matters.
#pragma once

#include "vit/data/image.hpp"

#include <cstdint>
#include <vector>

namespace vit {

// Each pixel as a square of `factor` x `factor`.
Image enlarged(const Image& image, int64_t factor);

// Gray values as colours from dark violet (0) over green to yellow (255): viridis, in which equal
// steps look alike.
Image coloured(const Image& gray);

struct SheetStyle {
  int64_t columns = 1;
  int64_t gap = 4;       // pixels between tiles and around them
  uint8_t ground = 255;  // gray value of the gaps
};
// Tiles of one size row by row, in colour; an empty Image leaves its place blank. At least one tile
// is not empty.
Image contact_sheet(const std::vector<Image>& tiles, const SheetStyle& style);

// `picture` in the light of `mask` (gray, any size): the mask is resized to the picture, blurred
// with a standard deviation of `blur` pixels, stretched to 0..255, and is then the brightness of
// each pixel over black. A mask of one value only lights all of it.
Image lit_by(const Image& mask, const Image& picture, double blur);

}  // namespace vit
