// One pre-norm Transformer encoder block (Dosovitskiy et al. 2021, eqs. 2 and 3).
#pragma once

#include "attention.hpp"
#include "mlp.hpp"

namespace vit {

// A learned factor per channel (Touvron et al. 2021, "LayerScale"). Parameter: gamma [width].
struct LayerScale {
  LayerScale() = default;  // leaves its input alone
  // `start` 0: leaves its input alone, and has no parameter.
  LayerScale(const Scope& scope, int64_t width, double start);

  at::Tensor operator()(const at::Tensor& x) const { return gamma.defined() ? x * gamma : x; }

  at::Tensor gamma;
};

struct Block {
  // Where the block stands. `index` decides its share of stochastic depth: 0 in the first block,
  // config.stochastic_depth in the last. `tokens`: length of the sequences.
  struct Place {
    int64_t index;
    int64_t tokens;
  };
  Block(const Scope& scope, const VitConfig& config, Place place);

  at::Tensor operator()(const at::Tensor& x, Mode mode,
                        Taps* taps) const;  // [B, T, D] -> [B, T, D]

  double dropout;
  double drop_branch;  // probability that a branch is left out for an example
  LayerNorm norm1;
  Attention attn;
  LayerScale ls1;
  LayerNorm norm2;
  Mlp mlp;
  LayerScale ls2;
  std::string tap_name;  // of the attention probabilities
};

}  // namespace vit
