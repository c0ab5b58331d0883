#include "block.hpp"

#include "drop.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace vit {

namespace {

double depth_share(const VitConfig& config, int64_t index) {
  const auto last = static_cast<double>(std::max<int64_t>(config.depth - 1, 1));
  return config.stochastic_depth * static_cast<double>(index) / last;
}

Attention::Options attention_options(const VitConfig& config, int64_t tokens) {
  const bool is_relative = config.position_embedding == PositionEmbedding::kRelative;
  return {config.width, config.heads, config.attention_dropout, is_relative ? tokens : 0};
}

}  // namespace

LayerScale::LayerScale(const Scope& scope, int64_t width, double start) {
  if (start != 0) gamma = scope.parameter("gamma", {width}, constant(start));
}

Block::Block(const Scope& scope, const VitConfig& config, Place place)
    : dropout(config.dropout),
      drop_branch(depth_share(config, place.index)),
      norm1(scope.sub("norm1"), config.width, config.norm_eps),
      attn(scope.sub("attn"), attention_options(config, place.tokens)),
      ls1(scope.sub("ls1"), config.width, config.layer_scale),
      norm2(scope.sub("norm2"), config.width, config.norm_eps),
      mlp(scope.sub("mlp"), {config.width, config.mlp_width(), config.gelu_form(), config.dropout}),
      ls2(scope.sub("ls2"), config.width, config.layer_scale),
      tap_name("attn" + std::to_string(place.index)) {}

at::Tensor Block::operator()(const at::Tensor& x, Mode mode, Taps* taps) const {
  const at::Tensor attended =
      ls1(vit::dropout(attn(norm1(x), mode, taps, tap_name), dropout, mode));
  const at::Tensor y = x + stochastic_depth(attended, drop_branch, mode);
  return y + stochastic_depth(ls2(mlp(norm2(y), mode)), drop_branch, mode);
}

}  // namespace vit
