// Optimizers update flat parameters in place with few large fused kernels; torch::optim is not used
// (a loop per tensor, host-side step counts, no resumable state worth the name).
#pragma once

#include "vit/config/component.hpp"
#include "vit/runtime/flat_parameters.hpp"

#include <memory>

namespace vit {

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // One update of every group from its gradients, at rate lr * group.lr_scale and decay
  // weight_decay * group.decay. `skip` is a float32 scalar on the parameters' device: 1 turns the
  // whole update, step count included, into a no-op without the host knowing (a non-finite
  // gradient). No host synchronisation.
  virtual void step(FlatParameters& parameters, double lr, const at::Tensor& skip) = 0;

  // Moments and counters under names of their own ("exp_avg/blocks.0.norm1.weight", "step"): live
  // views, saved and restored in place.
  virtual NamedTensors state(const FlatParameters& parameters) const = 0;
};

// Catalogue: `optimizer: {name: adam, weight_decay: 0.1}`.
struct Optimizers {
  using Catalog = config::Catalog<Optimizer, const FlatParameters&>;
  static const Catalog& catalog();
};
using OptimizerSection = config::Component<Optimizers>;

}  // namespace vit
