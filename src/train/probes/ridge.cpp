// n examples, D features, K classes, r = min(n, D+1)
#include "ridge.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>

namespace vit {
namespace {

constexpr double kConstant = 100;  // the feature that stands for a bias
constexpr double kDeviationFloor = 1e-5;

}  // namespace

RidgeClassifier::RidgeClassifier(const at::Tensor& features, const at::Tensor& labels,
                                 int64_t classes) {
  VIT_CHECK(features.dim() == 2 && features.size(0) >= 1 && features.size(0) == labels.numel(),
            "few-shot features and labels that do not belong together");
  const at::Tensor x = features.to(at::kDouble);
  mean_ = x.mean(0);
  scale_ = (x - mean_).square().mean(0).sqrt() + kDeviationFloor;
  const at::Tensor design = standardised(x);                                        // [n, D+1]
  const at::Tensor targets = 2 * at::one_hot(labels, classes).to(at::kDouble) - 1;  // [n, K]
  // Whichever square matrix is smaller has all there is to know: with X X^T = Q E Q^T the solution
  // is X^T Q (E + l2)^-1 Q^T Y, with X^T X = Q E Q^T it is Q (E + l2)^-1 Q^T X^T Y.
  const bool is_primal = design.size(0) >= design.size(1);
  const at::Tensor square =
      is_primal ? at::matmul(design.t(), design) : at::matmul(design, design.t());
  const auto [values, vectors] = at::linalg_eigh(square);  // [r], [r, r]
  eigenvalues_ = values;
  left_ = is_primal ? vectors : at::matmul(design.t(), vectors);  // [D+1, r]
  right_ =
      at::matmul(vectors.t(), is_primal ? at::matmul(design.t(), targets) : targets);  // [r, K]
}

at::Tensor RidgeClassifier::weights(double l2) const {
  return at::matmul(left_ / (eigenvalues_ + l2), right_);
}

at::Tensor RidgeClassifier::predict(const at::Tensor& features, double l2) const {
  constexpr int64_t kRows = 4096;  // at a time, to bound the memory
  const at::Tensor solution = weights(l2);
  std::vector<at::Tensor> best;
  for (int64_t from = 0; from < features.size(0); from += kRows) {
    const at::Tensor rows = features.slice(0, from, from + kRows);
    best.push_back(at::matmul(standardised(rows), solution).argmax(1));
  }
  return best.empty() ? at::empty({0}, at::kLong) : at::cat(best);
}

at::Tensor RidgeClassifier::standardised(const at::Tensor& features) const {
  const at::Tensor x = (features.to(at::kDouble) - mean_) / scale_;
  return at::constant_pad_nd(x, {0, 1}, kConstant);
}

}  // namespace vit
