// Regularised least squares from features to the targets +1 (own class) and -1 (others): the linear
// classifier of the paper's few-shot figures (Dosovitskiy et al. 2021, section 4.1), with the
// conventions of big_vision's fewshot_lsr. One decomposition serves any number of l2.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace vit {

// n examples, D features, K classes. Features are standardised with the mean and population
// deviation of these n (x - mean) / (deviation + 1e-5), then a constant 100 is appended, which is
// regularised like the rest.
class RidgeClassifier {
 public:
  // features [n, D] floats, labels [n] in {0, .., K-1}, n >= 1.
  RidgeClassifier(const at::Tensor& features, const at::Tensor& labels, int64_t classes);

  // argmin over W of |X W - Y|^2 + l2 |W|^2, sums over all examples: [D+1, K] float64, the row of
  // the constant last. l2 > 0.
  at::Tensor weights(double l2) const;

  // The class of the highest score: [m] int64 for features [m, D].
  at::Tensor predict(const at::Tensor& features, double l2) const;

 private:
  at::Tensor standardised(const at::Tensor& features) const;  // [m, D] -> [m, D+1] float64

  at::Tensor mean_, scale_;                // [D] float64
  at::Tensor eigenvalues_, left_, right_;  // W = (left / (eigenvalues + l2)) right
};

}  // namespace vit
