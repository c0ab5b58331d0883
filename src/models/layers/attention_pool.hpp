// Multi-head attention pooling (Zhai et al. 2022, "MAP head"): one learned query gathers the tokens
// of a sequence, followed by an MLP with a residual connection.
#pragma once

#include "vit/models/vision_transformer.hpp"

#include "mlp.hpp"

namespace vit {

struct AttentionPool {
  AttentionPool(const Scope& scope, const VitConfig& config);

  at::Tensor operator()(const at::Tensor& tokens, Mode mode) const;  // [B, T, D] -> [B, D]
  double macs(int64_t tokens) const;                                 // of one image

  int64_t heads;
  at::Tensor latent;   // [1, 1, D]: the query before its projection
  Linear q, kv, proj;  // rows of kv: keys, values
  LayerNorm norm;
  Mlp mlp;
};

}  // namespace vit
