// One pre-norm Transformer encoder block (Dosovitskiy et al. 2021, eqs. 2 and 3).
#pragma once

#include "attention.hpp"
#include "mlp.hpp"

namespace vit {

struct Block {
  // `index` of the block decides its share of stochastic depth: 0 in the first block,
  // config.stochastic_depth in the last.
  Block(const Scope& scope, const VitConfig& config, int64_t index);

  at::Tensor operator()(const at::Tensor& x, Mode mode,
                        Taps* taps) const;  // [B, T, D] -> [B, T, D]

  double dropout;
  double drop_branch;  // probability that a branch is left out for an example
  LayerNorm norm1;
  Attention attn;
  LayerNorm norm2;
  Mlp mlp;
  std::string tap_name;  // of the attention probabilities
};

}  // namespace vit
