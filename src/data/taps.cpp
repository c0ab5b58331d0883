#include "taps.hpp"

#include "vit/core/error.hpp"

#include <cmath>

namespace vit::detail {
namespace {

double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

double triangle(double x) {
  x = std::abs(x);
  return x < 1 ? 1 - x : 0;
}

// Keys' cubic with a = -1/2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

struct Filter {
  double (*value)(double);
  double support;
};

Filter filter_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kBilinear:
      return {triangle, 1.0};
    case Interpolation::kBicubic:
      return {cubic, 2.0};
    case Interpolation::kBox:
      return {box, 0.5};
    case Interpolation::kBilinearTensorflow:
      break;
  }
  VIT_CHECK(false, "a filter with weights");
  return {};
}

}  // namespace

Span Taps::used() const {  // positions only grow, or only fall
  const Span &front = inputs.front(), &back = inputs.back();
  const int64_t first = std::min(front.first, back.first);
  return {first, std::max(front.end(), back.end()) - first};
}

void make_taps(const Axis& axis, Span window, Interpolation interpolation, bool mirrored,
               Taps& taps) {
  const Filter filter = filter_of(interpolation);
  const double scale = axis.length / static_cast<double>(axis.out);
  const double stretch =
      std::max(scale, 1.0);  // antialiasing: the filter widens with the reduction
  const double support = filter.support * stretch;
  taps.most = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  taps.inputs.resize(static_cast<size_t>(window.count));
  taps.weights.resize(static_cast<size_t>(window.count * taps.most));
  thread_local std::vector<double> exact;
  exact.resize(static_cast<size_t>(taps.most));
  for (int64_t i = 0; i < window.count; ++i) {
    const double center = axis.first + (static_cast<double>(window.first + i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(center - support + 0.5), 0);
    const int64_t end = std::min<int64_t>(static_cast<int64_t>(center + support + 0.5), axis.in);
    const int64_t count = end - first;
    double sum = 0;
    for (int64_t k = 0; k < count; ++k) {
      exact[k] = filter.value((static_cast<double>(k + first) - center + 0.5) * (1.0 / stretch));
      sum += exact[k];
    }
    const int64_t output = mirrored ? window.count - 1 - i : i;
    int32_t* weights = taps.weights.data() + output * taps.most;
    for (int64_t k = 0; k < count; ++k) {
      const double weight = (sum != 0 ? exact[k] / sum : exact[k]) * (1 << kWeightBits);
      weights[k] = static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    taps.inputs[output] = {first, count};
  }
}

}  // namespace vit::detail
