// Images seen through an affine map, at their own size; what lies outside becomes `fill`. Pillow's
// arithmetic with its three filters, and TensorFlow's nearest neighbour, which measures between
// pixel centres and rounds halves away from zero.
#pragma once

#include "vit/data/image.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace vit::detail {

using Color = std::array<uint8_t, 3>;

// That gray, or where none is given the colour of the model's mean as timm rounds it.
Color fill_color(std::optional<int64_t> gray, const std::vector<double>& mean);

// Place (x, y) of the result shows place (xx x + xy y + x0, yx x + yy y + y0) of the image.
struct Affine {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

Affine shear_x(double slope);
Affine shear_y(double slope);
Affine translation(double right, double down);
// About the centre, counter-clockwise.
Affine pillow_rotation(Extent image, double degrees);
Affine tensorflow_rotation(Extent image, double degrees);

enum class AffineFilter { kNearest, kBilinear, kBicubic };

Image pillow_transform(const Image& image, const Affine& map, AffineFilter filter,
                       const Color& fill);
Image tensorflow_transform(const Image& image, const Affine& map, const Color& fill);

// An image of that colour, as large as `like`.
Image filled(const Image& like, const Color& fill);

}  // namespace vit::detail
