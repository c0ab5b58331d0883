// SGD with momentum, the optimizer of the paper's fine-tuning: m <- momentum m + g, w <- w - lr m,
// no dampening. With fp32 momentum it is LibTorch's fused kernel, one call a group.
#include "vit/optim/optimizer.hpp"
#include "vit/runtime/precision.hpp"

#include "optimizer_options.hpp"
#include "update.hpp"

#include <ATen/ATen.h>

namespace vit {
namespace {

struct SgdConfig {
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0;
  DecayMode decay_mode = DecayMode::kL2;
  MomentType momentum_dtype = MomentType::kFloat32;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&SgdConfig::momentum>("Decay of the momentum; 0: plain gradient descent.",
                                    at_least(0.0), below(1.0)),
        field<&SgdConfig::nesterov>("Look one step ahead."),
        field<&SgdConfig::weight_decay>("Weight decay; decoupled decay is multiplied by the rate.",
                                        non_negative),
        field<&SgdConfig::decay_mode>("An L2 term in the gradient, or decoupled from it."),
        field<&SgdConfig::momentum_dtype>(
            "Storage of the momentum; the reference fine-tuning code uses bfloat16.")};
  }
  void check(config::Problems& problems) const {
    problems.require(!nesterov || momentum > 0, "nesterov", "needs a momentum above 0");
  }
};

class Sgd final : public Optimizer {
 public:
  Sgd(const SgdConfig& config, const FlatParameters& parameters)
      : config_(config), rates_(parameters) {
    const bool is_rounded = config.momentum_dtype == MomentType::kBFloat16;
    if (config.momentum > 0) {
      momentum_ = at::zeros_like(parameters.values(), parameters.values().options().dtype(
                                                          is_rounded ? at::kBFloat16 : at::kFloat));
    }
  }

  void step(FlatParameters& parameters, double lr, const at::Tensor& skip) override {
    const NoGrad no_grad;
    rates_.set(parameters, lr);
    for (size_t i = 0; i < parameters.groups().size(); ++i) {
      const ParameterGroup& group = parameters.groups()[i];
      const double decay = config_.weight_decay * group.decay;
      const bool is_decoupled = config_.decay_mode == DecayMode::kDecoupled;
      if (is_decoupled && decay > 0) {
        at::Tensor values = group.values;
        values.mul_(1 - rates_[i] * decay * (1 - skip));
      }
      const double l2 = is_decoupled ? 0.0 : decay;
      if (momentum_.defined() && momentum_.scalar_type() == at::kBFloat16) {
        update_rounded(group, rates_[i], l2, skip);
      } else {
        update_fused(group, rates_[i], l2, skip);
      }
    }
  }

  NamedTensors state(const FlatParameters& parameters) const override {
    return momentum_.defined() ? parameters.views_of(momentum_, "momentum/") : NamedTensors{};
  }

 private:
  void update_fused(const ParameterGroup& group, const at::Tensor& rate, double l2,
                    const at::Tensor& skip) const {
    std::vector<at::Tensor> momentum;
    if (momentum_.defined()) momentum.push_back(slice_of(momentum_, group));
    at::_fused_sgd_({group.values}, {group.grads}, momentum, l2, config_.momentum, rate,
                    /*dampening=*/0, config_.nesterov, /*maximize=*/false, /*is_first_step=*/false,
                    /*grad_scale=*/{}, /*found_inf=*/skip);
  }

  // The momentum is updated in fp32 from its rounded value, used as it is and rounded for storage
  // only.
  void update_rounded(const ParameterGroup& group, const at::Tensor& rate, double l2,
                      const at::Tensor& skip) const {
    at::Tensor values = group.values, momentum = slice_of(momentum_, group);
    const double factor = as_bfloat16(config_.momentum);
    const at::Tensor grad = l2 > 0 ? at::add(group.grads, values, l2) : group.grads;
    const at::Tensor updated = momentum.to(at::kFloat).mul_(factor).add_(grad);
    const at::Tensor change = config_.nesterov ? at::add(grad, updated, factor) : updated;
    store_unless(skip, values, values - change * rate);
    store_unless(skip, momentum, updated.to(at::kBFloat16));
  }

  SgdConfig config_;
  at::Tensor momentum_;  // undefined without momentum
  GroupRates rates_;
};

std::unique_ptr<Optimizer> build_sgd(const SgdConfig& config, const FlatParameters& parameters) {
  return std::make_unique<Sgd>(config, parameters);
}

}  // namespace

void add_sgd(Optimizers::Catalog& optimizers) {
  optimizers.add<SgdConfig>("sgd", "Gradient descent with momentum.", build_sgd);
}

}  // namespace vit
