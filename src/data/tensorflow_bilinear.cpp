#include "tensorflow_bilinear.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vit::detail {
namespace {

// Two neighbours of an output position and how far it is from the lower one.
struct Neighbours {
  int64_t lower = 0, upper = 0;
  float lerp = 0;
};

// TensorFlow's HalfPixelScaler and compute_interpolation_weights, in float32 as there.
Neighbours neighbours_of(int64_t position, const Axis& axis) {
  const float scale = static_cast<float>(axis.length) / static_cast<float>(axis.out);
  const float place =
      (static_cast<float>(position) + 0.5F) * scale - 0.5F + static_cast<float>(axis.first);
  const float below = std::floor(place);
  const auto lower = static_cast<int64_t>(below);
  return {std::clamp<int64_t>(lower, 0, axis.in - 1),
          std::clamp<int64_t>(static_cast<int64_t>(std::ceil(place)), 0, axis.in - 1),
          place - below};
}

}  // namespace

void tensorflow_bilinear(const Pixels& pixels, const Sampling& s, const Raster& target) {
  thread_local std::vector<Neighbours> columns;
  columns.clear();
  for (int64_t x = 0; x < s.window.width; ++x)
    columns.push_back(neighbours_of(s.window.left + x, s.columns));
  if (s.mirrored) std::reverse(columns.begin(), columns.end());

  const int64_t channels = pixels.channels;
  const int64_t pixel_step = target.is_planar() ? 1 : channels;
  const int64_t channel_step = target.is_planar() ? target.plane_stride : 1;
  for (int64_t y = 0; y < s.window.height; ++y) {
    const Neighbours rows = neighbours_of(s.window.top + y, s.rows);
    const uint8_t* above = pixels.row(rows.lower);
    const uint8_t* below = pixels.row(rows.upper);
    uint8_t* row = target.data + y * target.row_stride;
    for (int64_t x = 0; x < s.window.width; ++x) {
      const auto [left, right, lerp] = columns[x];
      const auto between = [&](const uint8_t* line, int64_t c) {
        const auto from = static_cast<float>(line[left * channels + c]);
        return from + (static_cast<float>(line[right * channels + c]) - from) * lerp;
      };
      for (int64_t c = 0; c < channels; ++c) {
        const float top = between(above, c);
        const float value = top + (between(below, c) - top) * rows.lerp;
        row[x * pixel_step + c * channel_step] = static_cast<uint8_t>(value);
      }
    }
  }
}

}  // namespace vit::detail
