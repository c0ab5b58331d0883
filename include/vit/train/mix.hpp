// Mixing: every image of a training batch is blended with another one of the batch, and the two
// labels with the same weights. mixup (Zhang et al. 2018, arXiv:1710.09412) blends whole images,
// CutMix (Yun et al. 2019, arXiv:1905.04899) pastes a rectangle.
#pragma once

#include "vit/config/component.hpp"
#include "vit/core/random.hpp"
#include "vit/train/batch_stream.hpp"

#include <cstdint>

namespace vit {

class Mix {
 public:
  virtual ~Mix() = default;
  // `batch` as it comes from the stream, with the targets as soft ones: float32 [B, K], rows that
  // sum to 1. `none` leaves it as it is, class numbers and all. What is random is drawn on the
  // host, a function of `random` alone; never waits for the device.
  //
  // Label smoothing is the loss's and comes after: smoothing and mixing are both linear, so this is
  // mixing smoothed labels, as timm does.
  virtual Batch operator()(const Batch& batch, const Random& random) const = 0;
};

// Catalogue: `mix: {name: mixup, alpha: 0.2}`, `mix: {name: cutmix}`, `mix: {name:
// mixup_or_cutmix, mixup: 0.8, cutmix: 1.0}`, `mix: none`. Built for K classes.
struct Mixes {
  using Catalog = config::Catalog<Mix, int64_t>;
  static const Catalog& catalog();
};
using MixSection = config::Component<Mixes>;

}  // namespace vit
