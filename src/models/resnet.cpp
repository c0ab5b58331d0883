// B batch, C channels, K classes
#include "vit/core/error.hpp"

#include "families.hpp"
#include "layers/resnet_trunk.hpp"

#include <ATen/ATen.h>

#include <optional>

namespace vit {

namespace {

class ResNet final : public Model {
 public:
  ResNet(const ResNetConfig& config, const ModelArgs& args);

  at::Tensor forward(const at::Tensor& images, Mode mode, Taps* taps) const override;

  const NamedTensors& parameters() const override { return list_.parameters; }
  const NamedTensors& buffers() const override { return list_.buffers; }
  Extent input_size() const override { return config_.image; }
  int64_t classes() const override { return args_.classes; }
  int64_t channels() const override { return args_.channels; }
  ModelCost cost() const override;

 private:
  ResNetConfig config_;
  ModelArgs args_;
  ParameterList list_;

  std::optional<ResNetTrunk> trunk_;
  std::optional<GroupNorm> norm_;  // pre-activation units leave a sum that nothing has normalised
  at::Tensor head_weight_, head_bias_;  // [K, C, 1, 1], that of timm's 1x1 convolution, and [K]
};

// In the order of timm's state dict.
ResNet::ResNet(const ResNetConfig& config, const ModelArgs& args) : config_(config), args_(args) {
  list_.seed = args.seed;
  list_.allocation = args.allocation;
  const Scope scope(list_);
  const ConvStyle style(config.unit, config.numerics);
  ResNetTrunk::Options options{.in = args.channels,
                               .stem = widened(kStemChannels, config.width),
                               .channels = {},
                               .layers = config.layers};
  for (size_t stage = 0; stage < config.layers.size(); ++stage) {
    options.channels.push_back(widened(config.channels.at(stage), config.width));
  }
  trunk_.emplace(scope, options, style);
  const int64_t width = trunk_->channels();
  if (config.unit == ResNetUnit::kPreActivation) {
    norm_.emplace(scope.sub("norm"), width, style.norm_eps);
  }
  if (args.classes > 0) {
    const Scope head = scope.sub("head").sub("fc");
    head_weight_ = head.parameter("weight", {args.classes, width, 1, 1},
                                  config.head_zero_init ? constant(0) : lecun_normal(width));
    head_bias_ = head.parameter("bias", {args.classes}, constant(config.head_bias));
  }
}

at::Tensor ResNet::forward(const at::Tensor& images, Mode /*mode*/, Taps* taps) const {
  VIT_CHECK(images.dim() == 4 && images.size(1) == args_.channels &&
                images.size(2) == config_.image.height && images.size(3) == config_.image.width,
            "a batch of images of another size than the model's input");
  at::Tensor x = (*trunk_)(images, taps);  // [B, C, h, w]
  if (norm_) x = (*norm_)(x).relu_();
  x = x.mean({2, 3});  // [B, C]
  if (taps != nullptr) taps->see("pooled", x);
  return head_weight_.defined() ? at::linear(x, head_weight_.flatten(1), head_bias_) : x;  // [B, K]
}

ModelCost ResNet::cost() const {
  const Macs trunk = trunk_->macs(config_.image);
  const double head = head_weight_.defined() ? static_cast<double>(head_weight_.numel()) : 0.0;
  return {.macs = trunk.all + head, .macs_unpadded = trunk.inside + head, .tokens = 0};
}

}  // namespace

std::unique_ptr<Model> build_resnet(const ResNetConfig& config, const ModelArgs& args) {
  return std::make_unique<ResNet>(config, args);
}

}  // namespace vit
