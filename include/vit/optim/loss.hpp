// Classification losses: mean over the batch.
#pragma once

#include "vit/config/component.hpp"

#include <ATen/core/Tensor.h>

#include <memory>

namespace vit {

class Loss {
 public:
  virtual ~Loss() = default;
  // logits [B, K]; targets either int64 [B] class numbers or float [B, K] soft targets. Computed in
  // fp32. Returns a scalar.
  virtual at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets) const = 0;
};

// Catalogue: `loss: {name: softmax, label_smoothing: 0.1}`, `loss: {name: sigmoid}`.
struct Losses {
  using Catalog = config::Catalog<Loss>;
  static const Catalog& catalog();
};
using LossSection = config::Component<Losses>;

}  // namespace vit
