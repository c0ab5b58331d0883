#include "affine.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vit::detail {
namespace {

// std::floor and std::round without the call that plain x86-64 makes of them.
int64_t floored(double v) {
  const auto whole = static_cast<int64_t>(v);
  return whole - (v < static_cast<double>(whole) ? 1 : 0);
}
int64_t rounded(float v) {
  const auto whole = static_cast<int64_t>(v);
  const float rest = v - static_cast<float>(whole);
  return whole + (rest >= 0.5F ? 1 : 0) - (rest <= -0.5F ? 1 : 0);
}

void copy_pixel(const uint8_t* from, int64_t channels, uint8_t* to) {
  for (int64_t c = 0; c < channels; ++c) to[c] = from[c];
}

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

// Pillow's nearest neighbour counts in 1/65536 pixels when the map is more than a stretch.
Image pillow_nearest(const Image& image, const Affine& map, const Color& fill) {
  Image result = filled(image, fill);
  constexpr double kOne = 65536;
  const auto fixed = [](double v) { return static_cast<int64_t>(std::floor(v * kOne + 0.5)); };
  const bool stretch = map.xy == 0 && map.yx == 0;
  const int64_t xx = fixed(map.xx), xy = fixed(map.xy), yx = fixed(map.yx), yy = fixed(map.yy);
  const int64_t x0 = fixed(map.x0 + map.xx * 0.5 + map.xy * 0.5);
  const int64_t y0 = fixed(map.y0 + map.yx * 0.5 + map.yy * 0.5);
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      const int64_t from_x = stretch ? floored(map.xx * (static_cast<double>(x) + 0.5) + map.x0)
                                     : (x0 + xx * x + xy * y) >> 16;
      const int64_t from_y = stretch ? floored(map.yy * (static_cast<double>(y) + 0.5) + map.y0)
                                     : (y0 + yx * x + yy * y) >> 16;
      if (from_x < 0 || from_x >= image.width || from_y < 0 || from_y >= image.height) continue;
      copy_pixel(image.row(from_y) + from_x * image.channels, image.channels,
                 result.row(y) + x * image.channels);
    }
  }
  return result;
}

// Both filters as polynomials of the distance, so that even colours stay what they are although
// fractions are cut off in the end.
template <AffineFilter filter>
double between(const double* v, double d) {
  if constexpr (filter == AffineFilter::kBilinear) return v[0] + (v[1] - v[0]) * d;
  const double p2 = -v[0] + v[2];
  const double p3 = 2 * (v[0] - v[1]) + v[2] - v[3];
  const double p4 = -v[0] + v[1] - v[2] + v[3];
  return v[1] + d * (p2 + d * (p3 + d * p4));
}

template <AffineFilter filter>
Image pillow_filtered(const Image& image, const Affine& map, const Color& fill) {
  constexpr int64_t kTaps = filter == AffineFilter::kBilinear ? 2 : 4;
  Image result = filled(image, fill);
  const auto width = static_cast<double>(image.width), height = static_cast<double>(image.height);
  for (int64_t y = 0; y < image.height; ++y) {
    const double at_y = static_cast<double>(y) + 0.5;
    for (int64_t x = 0; x < image.width; ++x) {
      const double at_x = static_cast<double>(x) + 0.5;
      const double from_x = map.xx * at_x + map.xy * at_y + map.x0;
      const double from_y = map.yx * at_x + map.yy * at_y + map.y0;
      if (from_x < 0 || from_x >= width || from_y < 0 || from_y >= height) continue;
      const int64_t left = floored(from_x - 0.5), top = floored(from_y - 0.5);
      const double dx = from_x - 0.5 - static_cast<double>(left);
      const double dy = from_y - 0.5 - static_cast<double>(top);
      std::array<const uint8_t*, kTaps> rows;
      std::array<int64_t, kTaps> columns;
      for (int64_t i = 0; i < kTaps; ++i) {
        const auto t = static_cast<size_t>(i);
        const int64_t offset = i - (kTaps / 2 - 1);
        rows[t] = image.row(std::clamp<int64_t>(top + offset, 0, image.height - 1));
        columns[t] = image.channels * std::clamp<int64_t>(left + offset, 0, image.width - 1);
      }
      uint8_t* to = result.row(y) + x * image.channels;
      for (int64_t c = 0; c < image.channels; ++c) {
        std::array<double, kTaps> across, down;
        for (size_t r = 0; r < rows.size(); ++r) {
          for (size_t t = 0; t < columns.size(); ++t) across[t] = rows[r][columns[t] + c];
          down[r] = between<filter>(across.data(), dx);
        }
        to[c] = static_cast<uint8_t>(std::clamp(between<filter>(down.data(), dy), 0.0, 255.0));
      }
    }
  }
  return result;
}

}  // namespace

Color fill_color(std::optional<int64_t> gray, const std::vector<double>& mean) {
  Color color;
  for (size_t c = 0; c < color.size(); ++c) {
    const double value = 255 * mean[mean.size() == 1 ? 0 : c];
    color[c] = static_cast<uint8_t>(gray ? *gray : static_cast<int64_t>(std::nearbyint(value)));
  }
  return color;
}

Affine shear_x(double slope) { return {.xy = slope}; }
Affine shear_y(double slope) { return {.yx = slope}; }
Affine translation(double right, double down) { return {.x0 = right, .y0 = down}; }

Affine pillow_rotation(Extent image, double degrees) {
  const auto to_15_digits = [](double v) { return std::round(v * 1e15) / 1e15; };
  const double angle = -radians(degrees);
  const double c = to_15_digits(std::cos(angle)), s = to_15_digits(std::sin(angle));
  const double x = static_cast<double>(image.width) / 2, y = static_cast<double>(image.height) / 2;
  return {c, s, c * -x + s * -y + x, -s, c, -s * -x + c * -y + y};
}

// In single precision, as TensorFlow does; pixels half-way between two are decided by it.
Affine tensorflow_rotation(Extent image, double degrees) {
  const auto angle = static_cast<float>(radians(degrees));
  const float c = std::cos(angle), s = std::sin(angle);
  const auto right = static_cast<float>(image.width - 1),
             bottom = static_cast<float>(image.height - 1);
  const float x0 = (right - (c * right - s * bottom)) / 2;
  const float y0 = (bottom - (s * right + c * bottom)) / 2;
  return {c, -s, x0, s, c, y0};
}

Image filled(const Image& like, const Color& fill) {
  Image result(like.height, like.width, like.channels);
  const auto channels = static_cast<size_t>(like.channels);
  for (size_t i = 0; i < result.pixels.size(); ++i) result.pixels[i] = fill[i % channels];
  return result;
}

Image pillow_transform(const Image& image, const Affine& map, AffineFilter filter,
                       const Color& fill) {
  switch (filter) {
    case AffineFilter::kNearest:
      return pillow_nearest(image, map, fill);
    case AffineFilter::kBilinear:
      return pillow_filtered<AffineFilter::kBilinear>(image, map, fill);
    case AffineFilter::kBicubic:
      break;
  }
  return pillow_filtered<AffineFilter::kBicubic>(image, map, fill);
}

Image tensorflow_transform(const Image& image, const Affine& map, const Color& fill) {
  Image result = filled(image, fill);
  const auto xx = static_cast<float>(map.xx), xy = static_cast<float>(map.xy),
             x0 = static_cast<float>(map.x0), yx = static_cast<float>(map.yx),
             yy = static_cast<float>(map.yy), y0 = static_cast<float>(map.y0);
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      const auto at_x = static_cast<float>(x), at_y = static_cast<float>(y);
      const auto from_x = rounded(xx * at_x + xy * at_y + x0);
      const auto from_y = rounded(yx * at_x + yy * at_y + y0);
      if (from_x < 0 || from_x >= image.width || from_y < 0 || from_y >= image.height) continue;
      copy_pixel(image.row(from_y) + from_x * image.channels, image.channels,
                 result.row(y) + x * image.channels);
    }
  }
  return result;
}

}  // namespace vit::detail
