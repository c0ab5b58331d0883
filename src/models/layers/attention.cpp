// B batch, T tokens, D width, H heads, d = D / H
#include "attention.hpp"

#include "drop.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace vit {

// The reference has separate query, key and value matrices: the limit of each is that of a [D, D]
// matrix, not of [3 D, D].
Attention::Attention(const Scope& scope, int64_t width, int64_t heads, double dropout)
    : heads(heads),
      dropout(dropout),
      qkv(scope.sub("qkv"), width, 3 * width, {xavier_uniform(width, width), constant(0)}),
      proj(scope.sub("proj"), width, width, {xavier_uniform(width, width), constant(0)}) {}

at::Tensor Attention::operator()(const at::Tensor& x, Mode mode, Taps* taps,
                                 const std::string& tap_name) const {
  const int64_t batch = x.size(0), tokens = x.size(1), width = x.size(2);
  const auto parts = qkv(x)  // [B, T, 3 D]
                         .view({batch, tokens, 3, heads, width / heads})
                         .permute({2, 0, 3, 1, 4})  // [3, B, H, T, d]
                         .unbind(0);
  const at::Tensor &q = parts[0], &k = parts[1], &v = parts[2];

  at::Tensor mixed;  // [B, H, T, d]
  if (taps != nullptr) {
    const double scale = 1.0 / std::sqrt(static_cast<double>(width / heads));
    const at::Tensor probabilities = at::softmax(at::matmul(q * scale, k.transpose(-2, -1)), -1);
    taps->see(tap_name, probabilities);
    mixed = at::matmul(vit::dropout(probabilities, dropout, mode), v);
  } else {
    const double rate = mode == Mode::kTrain ? dropout : 0.0;
    mixed = at::scaled_dot_product_attention(q, k, v, /*attn_mask=*/{}, rate);
  }
  return proj(mixed.transpose(1, 2).reshape({batch, tokens, width}));  // [B, T, D]
}

}  // namespace vit
