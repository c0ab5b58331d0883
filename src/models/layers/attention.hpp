// Multi-head self-attention (Vaswani et al. 2017; Dosovitskiy et al. 2021, eqs. 5 to 8).
#pragma once

#include "vit/models/model.hpp"

#include "linear.hpp"

#include <string>

namespace vit {

struct Attention {
  Attention(const Scope& scope, int64_t width, int64_t heads, double dropout);

  // x [B, T, D] -> [B, T, D]. With taps the probabilities [B, heads, T, T] are computed for
  // themselves and shown as `tap_name`; without, a fused kernel is used that never stores them.
  at::Tensor operator()(const at::Tensor& x, Mode mode, Taps* taps,
                        const std::string& tap_name) const;

  int64_t heads;
  double dropout;  // of the probabilities
  Linear qkv;      // rows: queries, keys, values
  Linear proj;
};

}  // namespace vit
