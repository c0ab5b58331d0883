// Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019), the optimizer of
// the paper's pre-training; or with L2 decay. With fp32 moments it is LibTorch's fused kernel, one
// call a group.
#include "vit/optim/optimizer.hpp"
#include "vit/runtime/precision.hpp"

#include "optimizer_options.hpp"
#include "update.hpp"

#include <ATen/ATen.h>

namespace vit {
namespace {

struct AdamConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.1;
  DecayMode decay_mode = DecayMode::kDecoupled;
  MomentType moment_dtype = MomentType::kFloat32;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&AdamConfig::beta1>("Decay of the first moment.", at_least(0.0), below(1.0)),
        field<&AdamConfig::beta2>("Decay of the second moment.", at_least(0.0), below(1.0)),
        field<&AdamConfig::eps>("Added to the root of the second moment.", positive),
        field<&AdamConfig::weight_decay>("Weight decay; decoupled decay is multiplied by the rate.",
                                         non_negative),
        field<&AdamConfig::decay_mode>("Decoupled from the gradient, or an L2 term in it."),
        field<&AdamConfig::moment_dtype>("Storage of the first moment; the second stays float32.")};
  }
};

class Adam final : public Optimizer {
 public:
  Adam(const AdamConfig& config, const FlatParameters& parameters)
      : config_(config),
        exp_avg_(at::zeros_like(parameters.values())),
        exp_avg_sq_(at::zeros_like(parameters.values())),
        step_(at::zeros({}, parameters.values().options())),
        rates_(parameters) {
    if (config.moment_dtype == MomentType::kBFloat16) exp_avg_ = exp_avg_.to(at::kBFloat16);
  }

  void step(FlatParameters& parameters, double lr, const at::Tensor& skip) override {
    const NoGrad no_grad;
    rates_.set(parameters, lr);
    step_.add_(1).sub_(skip);
    for (size_t i = 0; i < parameters.groups().size(); ++i) {
      const ParameterGroup& group = parameters.groups()[i];
      if (config_.moment_dtype == MomentType::kFloat32) {
        update_fused(group, rates_[i], skip);
      } else {
        update_rounded(group, rates_[i], skip);
      }
    }
  }

  NamedTensors state(const FlatParameters& parameters) const override {
    NamedTensors all = parameters.views_of(exp_avg_, "exp_avg/");
    for (auto& view : parameters.views_of(exp_avg_sq_, "exp_avg_sq/")) all.push_back(view);
    all.push_back({"step", step_});
    return all;
  }

 private:
  double decay_of(const ParameterGroup& group) const { return config_.weight_decay * group.decay; }

  void update_fused(const ParameterGroup& group, const at::Tensor& rate,
                    const at::Tensor& skip) const {
    const auto fused = [&](auto kernel) {
      kernel({group.values}, {group.grads}, {slice_of(exp_avg_, group)},
             {slice_of(exp_avg_sq_, group)}, /*max_exp_avg_sqs=*/{}, {step_}, rate, config_.beta1,
             config_.beta2, decay_of(group), config_.eps, /*amsgrad=*/false, /*maximize=*/false,
             /*grad_scale=*/{}, /*found_inf=*/skip);
    };
    using Kernel =
        void (*)(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                 at::TensorList, const at::Tensor&, double, double, double, double, bool, bool,
                 const std::optional<at::Tensor>&, const std::optional<at::Tensor>&);
    const bool is_decoupled = config_.decay_mode == DecayMode::kDecoupled;
    fused(is_decoupled ? Kernel(at::_fused_adamw_) : Kernel(at::_fused_adam_));
  }

  // The first moment is updated in fp32 from its rounded value, used as it is and rounded for
  // storage only; the bias correction uses the decay constant as given.
  void update_rounded(const ParameterGroup& group, const at::Tensor& rate,
                      const at::Tensor& skip) const {
    at::Tensor values = group.values, mean = slice_of(exp_avg_, group),
               square = slice_of(exp_avg_sq_, group);
    const double decay = decay_of(group);
    const bool is_l2 = config_.decay_mode == DecayMode::kL2 && decay > 0;
    const at::Tensor grad = is_l2 ? at::add(group.grads, values, decay) : group.grads;

    const at::Tensor new_mean =
        mean.to(at::kFloat).mul_(as_bfloat16(config_.beta1)).add_(grad, 1 - config_.beta1);
    const at::Tensor new_square =
        at::mul(square, config_.beta2).addcmul_(grad, grad, 1 - config_.beta2);
    at::Tensor change = at::div(new_square, bias_correction(config_.beta2)).sqrt_();
    change = at::div(at::div(new_mean, bias_correction(config_.beta1)), change.add_(config_.eps));
    if (config_.decay_mode == DecayMode::kDecoupled) change.add_(values, decay);

    store_unless(skip, values, values - change * rate);
    store_unless(skip, mean, new_mean.to(mean.scalar_type()));
    store_unless(skip, square, new_square);
  }

  // 1 - beta^t, a scalar on the device.
  at::Tensor bias_correction(double beta) const {
    return at::pow(beta, step_.to(at::kDouble)).neg_().add_(1).to(at::kFloat);
  }

  AdamConfig config_;
  at::Tensor exp_avg_, exp_avg_sq_, step_;
  GroupRates rates_;
};

std::unique_ptr<Optimizer> build_adam(const AdamConfig& config, const FlatParameters& parameters) {
  return std::make_unique<Adam>(config, parameters);
}

}  // namespace

void add_adam(Optimizers::Catalog& optimizers) {
  optimizers
      .add<AdamConfig>("adam",
                       "Adam, weight decay decoupled (Kingma & Ba 2015; Loshchilov & Hutter 2019).",
                       build_adam)
      .alias("adamw");
}

}  // namespace vit
