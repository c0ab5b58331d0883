// The reference: what the arithmetic is, without regard to speed.
#include "resample_kernels.hpp"

#include <cstdlib>
#include <string_view>

namespace vit::detail {
namespace {

void along_x(const Pixels& pixels, Span rows, const Taps& taps, const Raster& target) {
  const int64_t channels = pixels.channels;
  const int64_t pixel_step = target.is_planar() ? 1 : channels;
  const int64_t channel_step = target.is_planar() ? target.plane_stride : 1;
  for (int64_t y = 0; y < rows.count; ++y) {
    const uint8_t* source = pixels.row(rows.first + y);
    uint8_t* row = target.data + y * target.row_stride;
    for (int64_t x = 0; x < taps.outputs(); ++x) {
      const int32_t* weights = taps.of(x);
      const uint8_t* pixel = source + taps.inputs[x].first * channels;
      for (int64_t c = 0; c < channels; ++c) {
        int32_t sum = kHalf;
        for (int64_t k = 0; k < taps.inputs[x].count; ++k)
          sum += pixel[k * channels + c] * weights[k];
        row[x * pixel_step + c * channel_step] = to_byte(sum);
      }
    }
  }
}

void along_y(const uint8_t* source, int64_t stride, int64_t bytes, const Taps& taps,
             const Raster& target) {
  for (int64_t y = 0; y < taps.outputs(); ++y) {
    const auto [first, count] = taps.inputs[y];
    const int32_t* weights = taps.of(y);
    uint8_t* row = target.data + y * target.row_stride;
    for (int64_t i = 0; i < bytes; ++i) {
      int32_t sum = kHalf;
      for (int64_t k = 0; k < count; ++k) sum += source[(first + k) * stride + i] * weights[k];
      row[i] = to_byte(sum);
    }
  }
}

}  // namespace

const Kernels& scalar_kernels() {
  static constexpr Kernels plain{along_x, along_y};
  return plain;
}

const Kernels& kernels() {
  static const Kernels& chosen = [&]() -> const Kernels& {
    const char* wish = std::getenv("VIT_SIMD");
    const bool plain = wish != nullptr && std::string_view(wish) == "off";
    return plain || avx2_kernels() == nullptr ? scalar_kernels() : *avx2_kernels();
  }();
  return chosen;
}

}  // namespace vit::detail
