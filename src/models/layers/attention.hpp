// Multi-head self-attention (Vaswani et al. 2017; Dosovitskiy et al. 2021, eqs. 5 to 8), optionally
// with relative positions.
#pragma once

#include "vit/models/model.hpp"

#include "linear.hpp"

#include <string>

namespace vit {

struct Attention {
  struct Options {
    int64_t width;
    int64_t heads;
    double dropout;           // of the probabilities
    int64_t relative_tokens;  // length of the sequences that relative positions are for; 0: none
  };
  Attention(const Scope& scope, const Options& options);

  // x [B, T, D] -> [B, T, D]. With taps the probabilities [B, heads, T, T] are computed for
  // themselves, in fp32 at least, and shown as `tap_name`; without, a fused kernel is used that
  // never stores them.
  at::Tensor operator()(const at::Tensor& x, Mode mode, Taps* taps,
                        const std::string& tap_name) const;

  int64_t heads;
  double dropout;
  Linear qkv;          // rows: queries, keys, values
  at::Tensor rel_pos;  // [2 T - 1, D / heads] of the distances key - query, -(T - 1) first;
                       // undefined without relative positions
  Linear proj;

 private:
  at::Tensor relative_logits(const at::Tensor& scaled_queries) const;
};

}  // namespace vit
