#include "vit/optim/clip.hpp"

#include "vit/runtime/precision.hpp"

#include <ATen/ATen.h>

namespace vit {

at::Tensor clip_by_norm_(at::Tensor& grad, double max_norm) {
  const NoGrad no_grad;
  at::Tensor norm = at::linalg_vector_norm(grad, 2);
  if (max_norm > 0) {
    const at::Tensor factor = at::reciprocal(norm).mul_(max_norm);  // inf for a zero gradient
    grad.mul_(at::where(norm.gt(max_norm), factor, 1.0));
  }
  return norm;
}

}  // namespace vit
