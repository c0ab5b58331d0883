// Pillow's conversions between RGB and 8-bit HSV, whose steps and roundings make up what
// torchvision calls adjust_hue.
#include "point_operators.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace vit::detail {
namespace {

using Triple = std::array<uint8_t, 3>;

Triple to_hsv(const uint8_t* rgb) {
  const int r = rgb[0], g = rgb[1], b = rgb[2];
  const int most = std::max({r, g, b}), least = std::min({r, g, b});
  if (most == least) return {0, 0, static_cast<uint8_t>(most)};
  const auto chroma = static_cast<float>(most - least);
  const auto distance = [&](int value) { return static_cast<float>(most - value) / chroma; };
  float sixths = 0;
  if (r == most) {
    sixths = distance(b) - distance(g);
  } else if (g == most) {
    sixths = static_cast<float>(2.0 + distance(r) - distance(b));
  } else {
    sixths = static_cast<float>(4.0 + distance(g) - distance(r));
  }
  const auto hue = static_cast<float>(std::fmod(sixths / 6.0 + 1.0, 1.0));
  const float saturation = chroma / static_cast<float>(most);
  return {static_cast<uint8_t>(hue * 255.0), static_cast<uint8_t>(saturation * 255.0),
          static_cast<uint8_t>(most)};
}

Triple to_rgb(const Triple& hsv) {
  const auto [h, s, v] = hsv;
  if (s == 0) return {v, v, v};
  const double sixths = static_cast<float>(h) * 6.0 / 255.0;
  const int sector = static_cast<int>(sixths);
  const auto rest = static_cast<float>(sixths - sector);
  const auto saturation = static_cast<float>(s / 255.0);
  const auto part = [v = v](double share) {
    return static_cast<uint8_t>(std::clamp(std::round(static_cast<float>(v) * share), 0.0, 255.0));
  };
  const uint8_t p = part(1.0 - saturation);
  const uint8_t q = part(1.0 - static_cast<double>(saturation * rest));
  const uint8_t t = part(1.0 - saturation * (1.0 - rest));
  switch (sector % 6) {
    case 0:
      return {v, t, p};
    case 1:
      return {q, v, p};
    case 2:
      return {p, v, t};
    case 3:
      return {p, q, v};
    case 4:
      return {t, p, v};
    default:
      return {v, p, q};
  }
}

}  // namespace

void shift_hue(Image& image, double turn) {
  if (image.channels == 1) return;
  const int steps = static_cast<int>(turn * 255);
  uint8_t* pixel = image.pixels.data();
  for (int64_t i = 0; i < image.extent().area(); ++i, pixel += 3) {
    Triple hsv = to_hsv(pixel);
    hsv[0] = static_cast<uint8_t>(hsv[0] + steps);  // around the circle
    std::ranges::copy(to_rgb(hsv), pixel);
  }
}

}  // namespace vit::detail
