// B batch, T tokens, D width, H heads, d = D / H
#include "attention_pool.hpp"

#include <ATen/ATen.h>

namespace vit {

namespace {

Linear dense(const Scope& scope, int64_t in, int64_t out) {
  return {scope, in, out, {xavier_uniform(in, in), constant(0)}};
}

}  // namespace

AttentionPool::AttentionPool(const Scope& scope, const VitConfig& config)
    : heads(config.heads),
      latent(scope.parameter("latent", {1, 1, config.width}, xavier_uniform(1, config.width))),
      q(dense(scope.sub("q"), config.width, config.width)),
      kv(dense(scope.sub("kv"), config.width, 2 * config.width)),
      proj(dense(scope.sub("proj"), config.width, config.width)),
      norm(scope.sub("norm"), config.width, config.norm_eps),
      mlp(scope.sub("mlp"),
          {config.width, config.mlp_width(), config.gelu_form(), config.dropout}) {}

at::Tensor AttentionPool::operator()(const at::Tensor& tokens, Mode mode) const {
  const int64_t batch = tokens.size(0), count = tokens.size(1), width = tokens.size(2);
  const int64_t depth = width / heads;
  const at::Tensor query = q(latent).view({1, 1, heads, depth}).transpose(1, 2);  // [1, H, 1, d]
  const auto parts = kv(tokens)                                                   // [B, T, 2 D]
                         .view({batch, count, 2, heads, depth})
                         .permute({2, 0, 3, 1, 4})  // [2, B, H, T, d]
                         .unbind(0);
  const at::Tensor mixed = at::scaled_dot_product_attention(query.expand({batch, heads, 1, depth}),
                                                            parts[0], parts[1]);  // [B, H, 1, d]
  const at::Tensor pooled = proj(mixed.reshape({batch, width}));                  // [B, D]
  return pooled + mlp(norm(pooled), mode);
}

double AttentionPool::macs(int64_t tokens) const {
  const auto t = static_cast<double>(tokens), d = static_cast<double>(latent.size(2));
  const auto hidden = static_cast<double>(mlp.fc1.weight.size(0));
  return t * 2 * d * d + 2 * t * d + 2 * d * d + 2 * d * hidden;
}

}  // namespace vit
