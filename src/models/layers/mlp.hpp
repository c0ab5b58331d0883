// The two-layer perceptron of a Transformer block.
#pragma once

#include "vit/models/model.hpp"
#include "vit/models/vision_transformer.hpp"

#include "linear.hpp"

namespace vit {

struct Mlp {
  struct Options {
    int64_t width;
    int64_t hidden;
    Gelu gelu;
    double dropout;  // after the activation and after the second layer
  };
  Mlp(const Scope& scope, const Options& options);

  at::Tensor operator()(const at::Tensor& x, Mode mode) const;  // [.., width] -> [.., width]

  Gelu gelu;
  double dropout;
  Linear fc1, fc2;
};

}  // namespace vit
