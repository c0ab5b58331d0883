// Averages of the weights over the run: none, or an exponential one (preset `polyak`: the paper's
// factor 0.9999), started from the initial weights and without bias correction: e <- d e + (1 - d)
// w after every update.
#pragma once

#include "vit/config/component.hpp"
#include "vit/runtime/flat_parameters.hpp"

#include <cstdint>
#include <memory>

namespace vit {

class Averaging {
 public:
  virtual ~Averaging() = default;
  // After update number `step` (from 0). `skip` as in Optimizer::step.
  virtual void update(const FlatParameters& parameters, int64_t step, const at::Tensor& skip) = 0;
  // The flat averaged weights, shaped like FlatParameters::values(); nullptr when there is no
  // average.
  virtual at::Tensor* values() = 0;
};

// Catalogue: `average: {name: ema, decay: 0.999}`, `average: {name: polyak}`, `average: {name:
// none}`.
struct Averages {
  using Catalog = config::Catalog<Averaging, const FlatParameters&>;
  static const Catalog& catalog();
};
using AverageSection = config::Component<Averages>;

// While alive the flat parameters hold the averaged weights (contents swapped, addresses
// unchanged).
class AveragedWeights {
 public:
  AveragedWeights(FlatParameters& parameters, at::Tensor& average);
  ~AveragedWeights();
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  FlatParameters& parameters_;
  at::Tensor& average_;
};

}  // namespace vit
