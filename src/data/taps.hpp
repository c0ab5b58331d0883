// Which input positions make each output position of an axis, with which fixed-point weights: the
// arithmetic of Pillow 13's ImagingResample (22 bits). Private to the data library.
#pragma once

#include "vit/data/resample.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace vit::detail {

// 8 bits of pixel, 2 bits of headroom for the negative lobes of the bicubic filter, the rest of 32
// for the weights.
constexpr int kWeightBits = 32 - 8 - 2;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

inline uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

// Part of an axis: `count` positions from `first`.
struct Span {
  int64_t first = 0, count = 0;
  int64_t end() const { return first + count; }
};

// `length` positions from `first`, not necessarily whole ones, of an axis of `in` positions become
// `out`. Positions of the axis outside that part contribute as far as the filter reaches.
struct Axis {
  int64_t in = 0;
  double first = 0, length = 0;
  int64_t out = 0;

  bool changes() const {
    return first != 0 || length != static_cast<double>(in) || length != static_cast<double>(out);
  }
};

struct Taps {
  std::vector<Span> inputs;      // per output position
  std::vector<int32_t> weights;  // per output position, `most` apart
  int64_t most = 0;

  int64_t outputs() const { return static_cast<int64_t>(inputs.size()); }
  const int32_t* of(int64_t output) const { return weights.data() + output * most; }
  // The most inputs that any output has.
  int64_t largest() const {
    int64_t count = 1;
    for (const Span& span : inputs) count = std::max(count, span.count);
    return count;
  }
  // All inputs that any output needs.
  Span used() const;
  void shift(int64_t by) {
    for (Span& span : inputs) span.first += by;
  }
};

// Fills `taps`, whose memory is used again, for the outputs in `window`, last to first if
// `mirrored`.
void make_taps(const Axis& axis, Span window, Interpolation interpolation, bool mirrored,
               Taps& taps);

}  // namespace vit::detail
