#include "drop.hpp"

#include <ATen/ATen.h>

namespace vit {

at::Tensor dropout(const at::Tensor& x, double rate, Mode mode) {
  if (rate == 0.0 || mode == Mode::kEval) return x;
  return at::dropout(x, rate, /*train=*/true);
}

at::Tensor stochastic_depth(const at::Tensor& branch, double rate, Mode mode) {
  if (rate == 0.0 || mode == Mode::kEval) return branch;
  std::vector<int64_t> shape(branch.dim(), 1);
  shape[0] = branch.size(0);
  const double keep = 1.0 - rate;
  const at::Tensor survives =
      at::empty(shape, branch.options()).bernoulli_(keep).div_(keep);  // [B, 1, ..]
  return branch * survives;
}

}  // namespace vit
