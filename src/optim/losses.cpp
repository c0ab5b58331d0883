// B batch, K classes.
#include "vit/optim/loss.hpp"

#include <ATen/ATen.h>

namespace vit {
namespace {

struct SoftmaxConfig {
  double label_smoothing = 0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&SoftmaxConfig::label_smoothing>(
        "Share of the target spread evenly over all classes.", at_least(0.0), below(1.0))};
  }
};

class Softmax final : public Loss {
 public:
  explicit Softmax(const SoftmaxConfig& config) : config_(config) {}

  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets) const override {
    constexpr int64_t kIgnoreNone = -100;
    const bool is_soft = targets.is_floating_point();
    return at::cross_entropy_loss(logits.to(at::kFloat), is_soft ? targets.to(at::kFloat) : targets,
                                  /*weight=*/{}, at::Reduction::Mean, kIgnoreNone,
                                  config_.label_smoothing);
  }

 private:
  SoftmaxConfig config_;
};

struct SigmoidConfig {
  double label_smoothing = 0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&SigmoidConfig::label_smoothing>(
        "Targets are 1 - this for the class and this for all others.", at_least(0.0), below(0.5))};
  }
};

// L = mean over B of sum over K of -y log s(z) - (1 - y) log s(-z), the paper's pre-training loss.
class Sigmoid final : public Loss {
 public:
  explicit Sigmoid(const SigmoidConfig& config) : config_(config) {}

  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets) const override {
    // -y log s(z) - (1 - y) log s(-z) = softplus(z) - y z. With the usual bias of -10 both terms
    // are positive; binary_cross_entropy_with_logits subtracts numbers near 10 a thousand times
    // instead.
    const at::Tensor z = logits.to(at::kFloat);
    const at::Tensor each = at::softplus(z) - multi_hot(z, targets) * z;  // [B, K]
    return each.sum() / static_cast<double>(logits.size(0));
  }

 private:
  at::Tensor multi_hot(const at::Tensor& logits, const at::Tensor& targets) const {
    const double off = config_.label_smoothing, on = 1 - off;
    if (targets.is_floating_point()) {
      return off == 0 ? targets.to(at::kFloat) : targets.to(at::kFloat).mul(on - off).add_(off);
    }
    // at::one_hot would wait for the device to look at the largest class number.
    return at::full(logits.sizes(), off, logits.options().requires_grad(false))
        .scatter_(1, targets.unsqueeze(1), on);  // [B, K]
  }

  SigmoidConfig config_;
};

}  // namespace

const Losses::Catalog& Losses::catalog() {
  static const Catalog all = [] {
    Catalog c("loss");
    c.add<SoftmaxConfig>("softmax", "Softmax cross-entropy.", [](const SoftmaxConfig& config) {
      return std::make_unique<Softmax>(config);
    });
    c.add<SigmoidConfig>(
        "sigmoid", "Sigmoid cross-entropy, summed over the classes.",
        [](const SigmoidConfig& config) { return std::make_unique<Sigmoid>(config); });
    return c;
  }();
  return all;
}

}  // namespace vit
