#include "linear.hpp"

#include <ATen/ATen.h>

namespace vit {

Linear::Linear(const Scope& scope, int64_t in, int64_t out, const Init& init)
    : weight(scope.parameter("weight", {out, in}, init.weight)),
      bias(scope.parameter("bias", {out}, init.bias)) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

LayerNorm::LayerNorm(const Scope& scope, int64_t width, double eps)
    : weight(scope.parameter("weight", {width}, constant(1))),
      bias(scope.parameter("bias", {width}, constant(0))),
      eps(eps) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

}  // namespace vit
