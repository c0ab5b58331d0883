// BiT-HyperRule (Kolesnikov et al. 2020, section 3, and its code): fine-tuning settings that follow
// from the number and the size of the training images alone.
#pragma once

#include "vit/core/extent.hpp"

#include <array>
#include <cstdint>

namespace vit {

struct HyperRule {
  // In steps: the end of the warm-up, after which the rate is a tenth, a hundredth, a thousandth of
  // the peak, and the end of the training.
  std::array<int64_t, 5> times;
  double mixup;  // alpha; 0: none

  int64_t steps() const { return times.back(); }
};

// Small (below 20,000 examples), medium (below 500,000) or large.
HyperRule bit_hyperrule(int64_t train_examples);

// Sides in pixels: images are resized to a square of `resize`, of which a random one of `crop` is
// shown; evaluation resizes to `crop`.
struct HyperRuleSides {
  int64_t resize, crop;

  bool operator==(const HyperRuleSides&) const = default;
};

// 160 and 128 for images of fewer than 96 x 96 pixels, else 512 and 480: the published code. The
// paper has 448 and 384 for large images but for its largest network.
HyperRuleSides bit_hyperrule_sides(Extent image);

}  // namespace vit
