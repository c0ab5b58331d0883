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

}  // namespace

Block::Block(const Scope& scope, const VitConfig& config, int64_t index)
    : dropout(config.dropout),
      drop_branch(depth_share(config, index)),
      norm1(scope.sub("norm1"), config.width, config.norm_eps),
      attn(scope.sub("attn"), config.width, config.heads, config.attention_dropout),
      norm2(scope.sub("norm2"), config.width, config.norm_eps),
      mlp(scope.sub("mlp"), {config.width, config.mlp_width(), config.gelu, config.dropout}),
      tap_name("attn" + std::to_string(index)) {}

at::Tensor Block::operator()(const at::Tensor& x, Mode mode, Taps* taps) const {
  const at::Tensor attended = vit::dropout(attn(norm1(x), mode, taps, tap_name), dropout, mode);
  const at::Tensor y = x + stochastic_depth(attended, drop_branch, mode);
  return y + stochastic_depth(mlp(norm2(y), mode), drop_branch, mode);
}

}  // namespace vit
