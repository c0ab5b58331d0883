#include "vit/train/metrics.hpp"

#include <ATen/ATen.h>

namespace vit {

MetricWindow::MetricWindow(at::Device device)
    : sums(at::zeros({2}, at::TensorOptions().dtype(at::kDouble).device(device))) {}

void MetricWindow::add(const at::Tensor& loss, const at::Tensor& grad_norm) {
  sums.add_(at::stack({loss.to(at::kDouble), grad_norm.to(at::kDouble)}));
  ++steps;
}

MetricWindow::Means MetricWindow::drain() {
  const at::Tensor host = sums.cpu();  // the one wait of a report
  const double* sum = host.const_data_ptr<double>();
  const double n = steps > 0 ? static_cast<double>(steps) : 1.0;
  const Means means{sum[0] / n, sum[1] / n};
  sums.zero_();
  steps = 0;
  return means;
}

FiniteGuard::FiniteGuard(at::Device device)
    : bad_step_(at::full({}, -1, at::TensorOptions().dtype(at::kLong).device(device))) {}

at::Tensor FiniteGuard::watch(const at::Tensor& loss, const at::Tensor& grad_norm, int64_t step) {
  const at::Tensor bad =
      at::logical_not(at::logical_and(at::isfinite(loss), at::isfinite(grad_norm)));
  const at::Tensor first = at::logical_and(bad, bad_step_ < 0);
  bad_step_.masked_fill_(first, step);
  return (bad_step_ >= 0).to(at::kFloat);
}

int64_t FiniteGuard::first_bad_step() const { return bad_step_.item<int64_t>(); }

}  // namespace vit
