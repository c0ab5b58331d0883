// The two smallest layers: a dense layer and layer normalisation.
#pragma once

#include "parameters.hpp"

namespace vit {

// y = x W^T + b over the last dimension. Parameters: weight [out, in], bias [out].
struct Linear {
  struct Init {
    Initializer weight;
    Initializer bias;
  };
  Linear() = default;
  Linear(const Scope& scope, int64_t in, int64_t out, const Init& init);

  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight, bias;
};

// Over the last dimension (Ba et al. 2016). Parameters: weight [width] = 1, bias [width] = 0.
struct LayerNorm {
  LayerNorm() = default;
  LayerNorm(const Scope& scope, int64_t width, double eps);

  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight, bias;
  double eps = 1e-6;
};

}  // namespace vit
