// Exponential averages of the weights. Polyak & Juditsky averaging "with factor 0.9999" is what the
// paper reports its best ImageNet fine-tunes with (Dosovitskiy et al. 2021, table 2).
#include "vit/optim/averaging.hpp"

#include "vit/runtime/precision.hpp"

#include <ATen/ATen.h>

namespace vit {
namespace {

struct NoAverageConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

class NoAverage final : public Averaging {
 public:
  void update(const FlatParameters&, int64_t, const at::Tensor&) override {}
  at::Tensor* values() override { return nullptr; }
};

struct EmaConfig {
  double decay = 0.999;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&EmaConfig::decay>("What a step keeps of the old average.",
                                               at_least(0.0), below(1.0))};
  }
};

class Ema final : public Averaging {
 public:
  Ema(const EmaConfig& config, const FlatParameters& parameters)
      : config_(config), average_(parameters.values().clone()) {}

  void update(const FlatParameters& parameters, int64_t /*step*/, const at::Tensor& skip) override {
    const NoGrad no_grad;
    average_.lerp_(parameters.values(), (1 - skip).mul_(1 - config_.decay));
  }

  at::Tensor* values() override { return &average_; }

 private:
  EmaConfig config_;
  at::Tensor average_;
};

void swap_contents(at::Tensor& a, at::Tensor& b) {
  const NoGrad no_grad;
  const at::Tensor kept = a.clone();
  a.copy_(b);
  b.copy_(kept);
}

}  // namespace

const Averages::Catalog& Averages::catalog() {
  static const Catalog all = [] {
    Catalog c("average");
    c.add<NoAverageConfig>("none", "No average.",
                           [](const NoAverageConfig&, const FlatParameters&) {
                             return std::make_unique<NoAverage>();
                           });
    c.add<EmaConfig>("ema", "Exponential moving average of the weights, from the initial ones on.",
                     [](const EmaConfig& config, const FlatParameters& parameters) {
                       return std::make_unique<Ema>(config, parameters);
                     })
        .preset("polyak", {.decay = 0.9999}, "The paper's factor.");
    return c;
  }();
  return all;
}

AveragedWeights::AveragedWeights(FlatParameters& parameters, at::Tensor& average)
    : parameters_(parameters), average_(average) {
  swap_contents(parameters_.values(), average_);
}

AveragedWeights::~AveragedWeights() { swap_contents(parameters_.values(), average_); }

}  // namespace vit
