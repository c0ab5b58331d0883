#include "vit/data/drawing.hpp"

#include "vit/core/error.hpp"
#include "vit/data/resample.hpp"

#include "transforms/blur.hpp"

#include <algorithm>
#include <array>

namespace vit {
namespace {

using Colour = std::array<uint8_t, 3>;

// Nine places of matplotlib's viridis, evenly spaced; straight lines between them.
constexpr std::array<Colour, 9> kViridis = {{{68, 1, 84},
                                             {71, 45, 123},
                                             {59, 82, 139},
                                             {44, 114, 142},
                                             {33, 145, 140},
                                             {40, 174, 128},
                                             {94, 201, 98},
                                             {173, 220, 48},
                                             {253, 231, 37}}};

Colour viridis(uint8_t value) {
  constexpr int kSteps = static_cast<int>(kViridis.size()) - 1;
  const int scaled = value * kSteps, low = std::min(scaled / 255, kSteps - 1);
  const int part = scaled - low * 255;  // of 255
  const auto& from = kViridis[static_cast<size_t>(low)];
  const auto& to = kViridis[static_cast<size_t>(low) + 1];
  Colour colour{};
  for (size_t c = 0; c < 3; ++c)
    colour[c] = static_cast<uint8_t>((from[c] * (255 - part) + to[c] * part + 127) / 255);
  return colour;
}

// Pixel `x` of a row in colour.
void copy_pixel(const Image& from, const uint8_t* row, int64_t x, uint8_t* to) {
  for (int64_t c = 0; c < 3; ++c) to[c] = row[x * from.channels + (from.channels == 3 ? c : 0)];
}

void paste(const Image& tile, int64_t top, int64_t left, Image& canvas) {
  for (int64_t y = 0; y < tile.height; ++y) {
    for (int64_t x = 0; x < tile.width; ++x)
      copy_pixel(tile, tile.row(y), x, canvas.row(top + y) + 3 * (left + x));
  }
}

void stretch(Image& gray) {
  const auto [low, high] = std::minmax_element(gray.pixels.begin(), gray.pixels.end());
  const int darkest = *low, range = *high - *low;
  for (uint8_t& value : gray.pixels) {
    value = range == 0 ? uint8_t{255}
                       : static_cast<uint8_t>(((value - darkest) * 255 + range / 2) / range);
  }
}

}  // namespace

Image enlarged(const Image& image, int64_t factor) {
  Image large(image.height * factor, image.width * factor, image.channels);
  for (int64_t y = 0; y < large.height; ++y) {
    const uint8_t* from = image.row(y / factor);
    uint8_t* to = large.row(y);
    for (int64_t x = 0; x < large.width; ++x)
      std::copy_n(from + x / factor * image.channels, image.channels, to + x * image.channels);
  }
  return large;
}

Image coloured(const Image& gray) {
  VIT_CHECK(gray.channels == 1, "gray values become colours");
  Image result(gray.height, gray.width, 3);
  for (size_t i = 0; i < gray.pixels.size(); ++i) {
    const Colour colour = viridis(gray.pixels[i]);
    std::copy(colour.begin(), colour.end(), result.pixels.data() + 3 * i);
  }
  return result;
}

Image contact_sheet(const std::vector<Image>& tiles, const SheetStyle& style) {
  const auto first = std::find_if(tiles.begin(), tiles.end(),
                                  [](const Image& tile) { return tile.extent().is_set(); });
  VIT_CHECK(first != tiles.end(), "a sheet has tiles");
  const Extent size = first->extent();
  const auto count = static_cast<int64_t>(tiles.size());
  const int64_t columns = std::min(style.columns, count);
  const int64_t rows = (count + columns - 1) / columns;
  const int64_t down = size.height + style.gap, across = size.width + style.gap;
  Image sheet(rows * down + style.gap, columns * across + style.gap, 3);
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), style.ground);
  for (int64_t i = 0; i < count; ++i) {
    const Image& tile = tiles[static_cast<size_t>(i)];
    if (!tile.extent().is_set()) continue;
    VIT_CHECK(tile.extent() == size, "tiles have one size");
    paste(tile, style.gap + i / columns * down, style.gap + i % columns * across, sheet);
  }
  return sheet;
}

Image lit_by(const Image& mask, const Image& picture, double blur) {
  VIT_CHECK(mask.channels == 1, "a mask is gray");
  Image light = resize(mask, picture.extent(), Interpolation::kBicubic);
  detail::gaussian_blur(light, static_cast<float>(blur));
  stretch(light);
  Image result(picture.height, picture.width, 3);
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) {
      uint8_t* pixel = result.row(y) + 3 * x;
      copy_pixel(picture, picture.row(y), x, pixel);
      const int brightness = light.row(y)[x];
      for (int64_t c = 0; c < 3; ++c)
        pixel[c] = static_cast<uint8_t>((pixel[c] * brightness + 127) / 255);
    }
  }
  return result;
}

}  // namespace vit
