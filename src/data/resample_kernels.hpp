// The two passes of resampling, each in a plain version and one for AVX2 that gives the same bytes.
// Private to the data library.
#pragma once

#include "taps.hpp"

#include <cstdint>

namespace vit::detail {

// Interleaved pixels somewhere in memory.
struct Pixels {
  const uint8_t* data = nullptr;
  int64_t stride = 0;  // bytes from row to row
  int64_t height = 0, width = 0, channels = 0;
  const uint8_t* end = nullptr;  // nothing may be read from here on

  const uint8_t* row(int64_t y) const { return data + y * stride; }
  // The part of them in `box`.
  Pixels part(const Box& box) const {
    return {row(box.top) + box.left * channels, stride, box.height, box.width, channels, end};
  }
};

inline Pixels pixels_of(const Image& image) {
  const uint8_t* data = image.pixels.data();
  return {data,           image.width * image.channels, image.height, image.width,
          image.channels, data + image.pixels.size()};
}

// Where a result goes: rows of interleaved pixels or, with a plane stride, one plane a channel.
struct Raster {
  uint8_t* data = nullptr;
  int64_t row_stride = 0;
  int64_t plane_stride = 0;  // 0: interleaved

  bool is_planar() const { return plane_stride != 0; }
};

struct Kernels {
  // Rows `rows` of `pixels`, each resampled along x.
  void (*along_x)(const Pixels& pixels, Span rows, const Taps& taps, const Raster& target);
  // Rows of `bytes` bytes, `stride` apart, resampled along y.
  void (*along_y)(const uint8_t* source, int64_t stride, int64_t bytes, const Taps& taps,
                  const Raster& target);
};

const Kernels& scalar_kernels();

// Null on a processor without AVX2.
const Kernels* avx2_kernels();

// The fastest of this processor; the plain ones if the variable VIT_SIMD is "off".
const Kernels& kernels();

}  // namespace vit::detail
