// A decoded picture in host memory: 8 bits a channel, rows top to bottom, channels interleaved
// (HWC).
#pragma once

#include "vit/core/extent.hpp"

#include <cstdint>
#include <vector>

namespace vit {

struct Image {
  int64_t height = 0, width = 0;
  int64_t channels = 0;         // 1 (gray) or 3 (RGB)
  std::vector<uint8_t> pixels;  // height * width * channels

  Image() = default;
  Image(int64_t h, int64_t w, int64_t c)
      : height(h), width(w), channels(c), pixels(static_cast<size_t>(h * w * c)) {}

  Extent extent() const { return {height, width}; }
  uint8_t* row(int64_t y) { return pixels.data() + y * width * channels; }
  const uint8_t* row(int64_t y) const { return pixels.data() + y * width * channels; }
  bool operator==(const Image&) const = default;
};

}  // namespace vit
