// B batch, C channels, N patches, T tokens (patches and class token), D width, K classes
#include "vit/core/error.hpp"

#include "families.hpp"
#include "layers/block.hpp"
#include "layers/drop.hpp"
#include "layers/patch_embed.hpp"
#include "layers/position_embedding.hpp"

#include <ATen/ATen.h>

#include <optional>
#include <vector>

namespace vit {

namespace {

class VisionTransformer final : public Model {
 public:
  VisionTransformer(const VitConfig& config, const ModelArgs& args);

  at::Tensor forward(const at::Tensor& images, Mode mode, Taps* taps) const override;

  const NamedTensors& parameters() const override { return list_.parameters; }
  const NamedTensors& buffers() const override { return list_.buffers; }
  Extent input_size() const override { return config_.image; }
  Extent position_grid(const std::string& name) const override;
  int64_t classes() const override { return args_.classes; }
  int64_t channels() const override { return args_.channels; }
  ModelCost cost() const override;

 private:
  int64_t class_tokens() const { return config_.has_class_token() ? 1 : 0; }
  at::Tensor make_position_embedding(const Scope& scope, int64_t patches) const;

  at::Tensor embed(const at::Tensor& images, Mode mode,
                   Taps* taps) const;               // [B, C, H, W] -> [B, T, D]
  at::Tensor pool(const at::Tensor& tokens) const;  // [B, T, D] -> [B, D]

  VitConfig config_;
  ModelArgs args_;
  ParameterList list_;

  at::Tensor class_token_;         // [1, 1, D], undefined without one
  at::Tensor position_embedding_;  // [1, T, D]
  std::optional<PatchEmbed> patch_embed_;
  std::vector<Block> blocks_;
  std::optional<LayerNorm> norm_, fc_norm_;
  std::optional<Linear> pre_logits_, head_;
};

void show(Taps* taps, const std::string& name, const at::Tensor& value) {
  if (taps != nullptr) taps->see(name, value);
}

// In the order of timm's state dict.
VisionTransformer::VisionTransformer(const VitConfig& config, const ModelArgs& args)
    : config_(config), args_(args) {
  list_.seed = args.seed;
  list_.allocation = args.allocation;
  const Scope scope(list_);
  const int64_t width = config.width;

  if (config.has_class_token())
    class_token_ = scope.parameter("cls_token", {1, 1, width}, constant(0));
  position_embedding_ = make_position_embedding(scope, config.grid().area());
  patch_embed_.emplace(scope.sub("patch_embed"),
                       PatchEmbed::Options{args.channels, config.image, config.patch, width});
  for (int64_t i = 0; i < config.depth; ++i) {
    blocks_.emplace_back(scope.sub("blocks").sub(std::to_string(i)), config, i);
  }
  if (config.pooling == Pooling::kMeanFcNorm) {
    fc_norm_.emplace(scope.sub("fc_norm"), width, config.norm_eps);
  } else {
    norm_.emplace(scope.sub("norm"), width, config.norm_eps);
  }

  int64_t features = width;
  if (config.representation_size > 0) {
    pre_logits_.emplace(scope.sub("pre_logits").sub("fc"), features, config.representation_size,
                        Linear::Init{lecun_normal(features), constant(0)});
    features = config.representation_size;
  }
  if (args.classes > 0) {
    const Initializer weight = config.head_zero_init ? constant(0) : lecun_normal(features);
    head_.emplace(scope.sub("head"), features, args.classes,
                  Linear::Init{weight, constant(config.head_bias)});
  }
}

at::Tensor VisionTransformer::make_position_embedding(const Scope& scope, int64_t patches) const {
  switch (config_.position_embedding) {
    case PositionEmbedding::kLearned:
      return scope.parameter("pos_embed", {1, class_tokens() + patches, config_.width},
                             normal(0.02));
    case PositionEmbedding::kSincos2d:
      return scope.buffer("pos_embed",
                          sincos_position_embedding(config_.grid(), config_.width, class_tokens()));
  }
  VIT_CHECK(false, "unknown kind of position embedding");
}

// Dosovitskiy et al. 2021, eqs. 1 to 4.
at::Tensor VisionTransformer::forward(const at::Tensor& images, Mode mode, Taps* taps) const {
  at::Tensor x = embed(images, mode, taps);  // [B, T, D]
  for (size_t i = 0; i < blocks_.size(); ++i) {
    x = blocks_[i](x, mode, taps);
    show(taps, "block" + std::to_string(i), x);
  }
  if (norm_) x = (*norm_)(x);
  show(taps, "norm", x);
  x = pool(x);  // [B, D]
  show(taps, "pooled", x);
  if (pre_logits_) x = at::tanh((*pre_logits_)(x));  // [B, representation_size]
  show(taps, "pre_logits", x);
  return head_ ? (*head_)(x) : x;  // [B, K]
}

at::Tensor VisionTransformer::embed(const at::Tensor& images, Mode mode, Taps* taps) const {
  VIT_CHECK(images.dim() == 4 && images.size(1) == args_.channels &&
                images.size(2) == config_.image.height && images.size(3) == config_.image.width,
            "a batch of images of another size than the model's input");
  at::Tensor x = (*patch_embed_)(images);  // [B, N, D]
  show(taps, "patch_embed", x);
  if (class_token_.defined()) {
    x = at::cat({class_token_.expand({x.size(0), 1, config_.width}), x}, 1);  // [B, T, D]
  }
  x = x + position_embedding_;
  show(taps, "embed", x);
  return dropout(x, config_.dropout, mode);
}

at::Tensor VisionTransformer::pool(const at::Tensor& tokens) const {
  switch (config_.pooling) {
    case Pooling::kToken:
      return tokens.select(1, 0);
    case Pooling::kMean:
      return tokens.mean(1);
    case Pooling::kMeanFcNorm:
      return (*fc_norm_)(tokens.slice(1, 1).mean(1));
  }
  VIT_CHECK(false, "unknown kind of pooling");
}

ModelCost VisionTransformer::cost() const {
  const int64_t tokens = class_tokens() + patch_embed_->grid().area();
  const auto t = static_cast<double>(tokens), d = static_cast<double>(config_.width),
             m = static_cast<double>(config_.mlp_width());
  double macs = patch_embed_->macs();
  macs += static_cast<double>(config_.depth) * (t * (4 * d * d + 2 * d * m) + 2 * t * t * d);
  if (pre_logits_) macs += static_cast<double>(pre_logits_->weight.numel());
  if (head_) macs += static_cast<double>(head_->weight.numel());
  return {macs, tokens};
}

}  // namespace

std::unique_ptr<Model> build_vision_transformer(const VitConfig& config, const ModelArgs& args) {
  return std::make_unique<VisionTransformer>(config, args);
}

}  // namespace vit
