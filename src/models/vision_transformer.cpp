// B batch, C channels, N patches, T tokens (patches and class token), D width, K classes
#include "vit/core/error.hpp"

#include "families.hpp"
#include "layers/attention_pool.hpp"
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
  PatchTokens patch_tokens() const override {
    return {config_.grid(), config_.pitch(), config_.width};
  }
  at::Tensor encode_patches(const at::Tensor& images, Mode mode,
                            const PatchEdit& edit) const override;
  Extent input_size() const override { return config_.image; }
  Extent position_grid(const std::string& name) const override;
  int64_t classes() const override { return args_.classes; }
  int64_t channels() const override { return args_.channels; }
  ModelCost cost() const override;

 private:
  // Tokens before the patches: class token, distillation token.
  int64_t leading_tokens() const {
    return (config_.has_class_token() ? 1 : 0) + (config_.distilled ? 1 : 0);
  }
  int64_t tokens() const { return leading_tokens() + config_.grid().area(); }
  void make_position_table(const Scope& scope);
  void make_heads(const Scope& scope);

  at::Tensor embed(const at::Tensor& images, Mode mode, const PatchEdit& edit,
                   Taps* taps) const;                                   // [B, C, H, W] -> [B, T, D]
  at::Tensor encode(at::Tensor x, Mode mode, Taps* taps) const;         // [B, T, D] -> [B, T, D]
  at::Tensor pool(const at::Tensor& tokens, Mode mode) const;           // [B, T, D] -> [B, D]
  at::Tensor predict_distilled(const at::Tensor& x, Taps* taps) const;  // [B, T, D] -> [B, K]

  VitConfig config_;
  ModelArgs args_;
  ParameterList list_;

  at::Tensor class_token_, distillation_token_;  // [1, 1, D], undefined without one
  std::vector<PositionTable> positions_;         // none, one, or one a block
  std::optional<PatchEmbed> patch_embed_;
  std::vector<Block> blocks_;
  std::optional<LayerNorm> norm_, fc_norm_;
  std::optional<AttentionPool> attn_pool_;
  std::optional<Linear> pre_logits_, head_, head_dist_;
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
  if (config.position_placement != PositionPlacement::kEveryLayer) make_position_table(scope);
  if (config.distilled)
    distillation_token_ = scope.parameter("dist_token", {1, 1, width}, constant(0));
  patch_embed_.emplace(scope.sub("patch_embed"),
                       PatchEmbed::Options{args.channels, config.image, config.patch, width,
                                           config.trunk, config.numerics});
  for (int64_t i = 0; i < config.depth; ++i) {
    const Scope place = scope.sub("blocks").sub(std::to_string(i));
    if (config.position_placement == PositionPlacement::kEveryLayer) make_position_table(place);
    blocks_.emplace_back(place, config, Block::Place{i, tokens()});
  }
  make_heads(scope);
}

void VisionTransformer::make_position_table(const Scope& scope) {
  const PositionEmbedding kind = config_.position_embedding;
  if (kind == PositionEmbedding::kNone || kind == PositionEmbedding::kRelative) return;
  positions_.emplace_back(scope,
                          PositionTable::Options{kind, config_.grid(), leading_tokens(),
                                                 config_.class_token_position, config_.width});
}

void VisionTransformer::make_heads(const Scope& scope) {
  const int64_t width = config_.width;
  if (config_.pooling == Pooling::kMeanFcNorm) {
    fc_norm_.emplace(scope.sub("fc_norm"), width, config_.norm_eps);
  } else {
    norm_.emplace(scope.sub("norm"), width, config_.norm_eps);
  }
  if (config_.pooling == Pooling::kAttention) attn_pool_.emplace(scope.sub("attn_pool"), config_);

  int64_t features = width;
  if (config_.representation_size > 0) {
    pre_logits_.emplace(scope.sub("pre_logits").sub("fc"), features, config_.representation_size,
                        Linear::Init{lecun_normal(features), constant(0)});
    features = config_.representation_size;
  }
  if (args_.classes == 0) return;
  const Initializer weight = config_.head_zero_init ? constant(0) : lecun_normal(features);
  const Linear::Init init{weight, constant(config_.head_bias)};
  head_.emplace(scope.sub("head"), features, args_.classes, init);
  if (config_.distilled) head_dist_.emplace(scope.sub("head_dist"), features, args_.classes, init);
}

// Dosovitskiy et al. 2021, eqs. 1 to 4.
at::Tensor VisionTransformer::forward(const at::Tensor& images, Mode mode, Taps* taps) const {
  at::Tensor x = encode(embed(images, mode, {}, taps), mode, taps);  // [B, T, D]
  if (config_.distilled) return predict_distilled(x, taps);
  x = pool(x, mode);  // [B, D]
  show(taps, "pooled", x);
  if (pre_logits_) x = at::tanh((*pre_logits_)(x));  // [B, representation_size]
  show(taps, "pre_logits", x);
  return head_ ? (*head_)(x) : x;  // [B, K]
}

at::Tensor VisionTransformer::encode_patches(const at::Tensor& images, Mode mode,
                                             const PatchEdit& edit) const {
  return encode(embed(images, mode, edit, nullptr), mode, nullptr).slice(1, leading_tokens());
}

at::Tensor VisionTransformer::embed(const at::Tensor& images, Mode mode, const PatchEdit& edit,
                                    Taps* taps) const {
  VIT_CHECK(images.dim() == 4 && images.size(1) == args_.channels &&
                images.size(2) == config_.image.height && images.size(3) == config_.image.width,
            "a batch of images of another size than the model's input");
  at::Tensor x = (*patch_embed_)(images, taps);  // [B, N, D]
  show(taps, "patch_embed", x);
  if (edit) x = edit(x);
  std::vector<at::Tensor> sequence;
  for (const at::Tensor& token : {class_token_, distillation_token_}) {
    if (token.defined()) sequence.push_back(token.expand({x.size(0), 1, config_.width}));
  }
  if (!sequence.empty()) {
    sequence.push_back(x);
    x = at::cat(sequence, 1);  // [B, T, D]
  }
  if (config_.position_placement == PositionPlacement::kStem && !positions_.empty())
    x = x + positions_.front()();
  show(taps, "embed", x);
  return dropout(x, config_.dropout, mode);
}

at::Tensor VisionTransformer::encode(at::Tensor x, Mode mode, Taps* taps) const {
  const PositionPlacement placement = config_.position_placement;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (placement != PositionPlacement::kStem)
      x = x + positions_[placement == PositionPlacement::kEveryLayer ? i : 0]();
    x = blocks_[i](x, mode, taps);
    show(taps, "block" + std::to_string(i), x);
  }
  if (norm_) x = (*norm_)(x);
  show(taps, "norm", x);
  return x;
}

at::Tensor VisionTransformer::pool(const at::Tensor& tokens, Mode mode) const {
  switch (config_.pooling) {
    case Pooling::kToken:
      return tokens.select(1, 0);
    case Pooling::kMean:
      return tokens.mean(1);
    case Pooling::kMeanFcNorm:
      return (*fc_norm_)(tokens.slice(1, 1).mean(1));
    case Pooling::kAttention:
      return (*attn_pool_)(tokens, mode);
  }
  VIT_CHECK(false, "unknown kind of pooling");
}

// The mean of what class and distillation token say (Touvron et al. 2021, "classification with our
// transformers").
at::Tensor VisionTransformer::predict_distilled(const at::Tensor& x, Taps* taps) const {
  const at::Tensor of_class = x.select(1, 0), of_distillation = x.select(1, 1);  // [B, D]
  const at::Tensor pooled = (of_class + of_distillation) / 2;
  show(taps, "pooled", pooled);
  if (!head_) return pooled;
  const at::Tensor a = (*head_)(of_class), b = (*head_dist_)(of_distillation);  // [B, K]
  show(taps, "head", a);
  show(taps, "head_dist", b);
  return (a + b) / 2;
}

Extent VisionTransformer::position_grid(const std::string& name) const {
  return grid_of_position_parameter(name, config_.grid());
}

ModelCost VisionTransformer::cost() const {
  const auto t = static_cast<double>(tokens()), d = static_cast<double>(config_.width),
             m = static_cast<double>(config_.mlp_width());
  double block = t * (4 * d * d + 2 * d * m) + 2 * t * t * d;
  if (config_.position_embedding == PositionEmbedding::kRelative) block += t * (2 * t - 1) * d;
  double macs = static_cast<double>(config_.depth) * block;
  if (attn_pool_) macs += attn_pool_->macs(tokens());
  for (const auto& layer : {pre_logits_, head_, head_dist_}) {
    if (layer) macs += static_cast<double>(layer->weight.numel());
  }
  const Macs patches = patch_embed_->macs();
  return {patches.all + macs, patches.inside + macs, tokens()};
}

}  // namespace

std::unique_ptr<Model> build_vision_transformer(const VitConfig& config, const ModelArgs& args) {
  return std::make_unique<VisionTransformer>(config, args);
}

}  // namespace vit
