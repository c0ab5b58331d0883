// B batch, T tokens, D width, H heads, d = D / H
#include "attention.hpp"

#include "drop.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace vit {

// The reference has separate query, key and value matrices: the limit of each is that of a [D, D]
// matrix, not of [3 D, D].
Attention::Attention(const Scope& scope, const Options& options)
    : heads(options.heads),
      dropout(options.dropout),
      qkv(scope.sub("qkv"), options.width, 3 * options.width,
          {xavier_uniform(options.width, options.width), constant(0)}) {
  if (options.relative_tokens > 0) {
    rel_pos = scope.parameter(
        "rel_pos", {2 * options.relative_tokens - 1, options.width / options.heads}, normal(0.02));
  }
  proj = Linear(scope.sub("proj"), options.width, options.width,
                {xavier_uniform(options.width, options.width), constant(0)});
}

at::Tensor Attention::operator()(const at::Tensor& x, Mode mode, Taps* taps,
                                 const std::string& tap_name) const {
  const int64_t batch = x.size(0), tokens = x.size(1), width = x.size(2);
  const auto parts = qkv(x)  // [B, T, 3 D]
                         .view({batch, tokens, 3, heads, width / heads})
                         .permute({2, 0, 3, 1, 4})  // [3, B, H, T, d]
                         .unbind(0);
  const at::Tensor &q = parts[0], &k = parts[1], &v = parts[2];
  const double scale = 1.0 / std::sqrt(static_cast<double>(width / heads));
  at::Tensor bias;
  if (rel_pos.defined()) bias = relative_logits(q * scale);  // [B, H, T, T]

  at::Tensor mixed;  // [B, H, T, d]
  if (taps != nullptr && taps->wants(tap_name)) {
    at::Tensor logits = at::matmul(q * scale, k.transpose(-2, -1));
    if (bias.defined()) logits = logits + bias;
    // Probabilities rounded to bfloat16 would not sum to 1.
    const at::ScalarType exact = at::promote_types(logits.scalar_type(), at::kFloat);
    const at::Tensor probabilities = at::softmax(logits, -1, exact);
    taps->see(tap_name, probabilities);
    mixed = at::matmul(vit::dropout(probabilities.to(v.scalar_type()), dropout, mode), v);
  } else {
    const double rate = mode == Mode::kTrain ? dropout : 0.0;
    mixed = at::scaled_dot_product_attention(
        q, k, v, bias.defined() ? std::optional(bias) : std::nullopt, rate);
  }
  return proj(mixed.transpose(1, 2).reshape({batch, tokens, width}));  // [B, T, D]
}

// Query i times the vector of the distance j - i, for all i and j. The products with all 2 T - 1
// vectors are shifted so that column T - 1 + j - i of row i lands in column j: one pad makes rows
// of 2 T, which are read again as rows of 2 T - 1 (Huang et al. 2019, section 3.4).
at::Tensor Attention::relative_logits(const at::Tensor& scaled_queries) const {
  const int64_t batch = scaled_queries.size(0), tokens = scaled_queries.size(2);
  const at::Tensor products = at::matmul(scaled_queries, rel_pos.t());  // [B, H, T, 2 T - 1]
  const at::Tensor rows = at::constant_pad_nd(products, {0, 1}).flatten(2);
  return at::constant_pad_nd(rows, {0, tokens - 1})
      .view({batch, heads, tokens + 1, 2 * tokens - 1})
      .slice(2, 0, tokens)
      .slice(3, tokens - 1);  // [B, H, T, T]
}

}  // namespace vit
