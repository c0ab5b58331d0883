#include "mlp.hpp"

#include "drop.hpp"

#include <ATen/ATen.h>

namespace vit {

// 1e-6: the reference draws these biases instead of zeroing them.
Mlp::Mlp(const Scope& scope, const Options& options)
    : gelu(options.gelu),
      dropout(options.dropout),
      fc1(scope.sub("fc1"), options.width, options.hidden,
          {xavier_uniform(options.width, options.hidden), normal(1e-6)}),
      fc2(scope.sub("fc2"), options.hidden, options.width,
          {xavier_uniform(options.hidden, options.width), normal(1e-6)}) {}

at::Tensor Mlp::operator()(const at::Tensor& x, Mode mode) const {
  const at::Tensor hidden = at::gelu(fc1(x), gelu == Gelu::kTanh ? "tanh" : "none");
  return vit::dropout(fc2(vit::dropout(hidden, dropout, mode)), dropout, mode);
}

}  // namespace vit
