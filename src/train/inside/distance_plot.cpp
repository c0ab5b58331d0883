#include "distance_plot.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

constexpr double kLeft = 64, kTop = 20, kWidth = 480, kHeight = 300;

// 1, 2 or 5 times a power of ten: a step that divides `length` into eight at most.
double tick_step(double length) {
  const double rough = std::max(length, 1e-9) / 8;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= rough) return digit * power;
  }
  return 10 * power;
}

struct Axes {
  int64_t layers;
  double top;  // value at the upper edge

  double x(int64_t layer) const {
    return kLeft + kWidth * (static_cast<double>(layer) + 0.5) / static_cast<double>(layers);
  }
  double y(double value) const { return kTop + kHeight * (1 - value / top); }
};

std::string draw_axes(const Axes& axes) {
  std::string svg =
      fmt::format("<rect x='{}' y='{}' width='{}' height='{}' fill='none' stroke='#888'/>\n", kLeft,
                  kTop, kWidth, kHeight);
  const double step = tick_step(axes.top);
  for (int64_t i = 0; static_cast<double>(i) * step <= axes.top * 1.0001; ++i) {
    const double value = static_cast<double>(i) * step, y = axes.y(value);
    svg += fmt::format("<path d='M{} {:.1f}h{}' stroke='#e5e5e5'/>\n", kLeft, y, kWidth);
    svg += fmt::format("<text x='{}' y='{:.1f}' text-anchor='end'>{:g}</text>\n", kLeft - 8, y + 4,
                       value);
  }
  const int64_t every = (axes.layers + 15) / 16;
  for (int64_t layer = 0; layer < axes.layers; layer += every) {
    svg += fmt::format("<text x='{:.1f}' y='{}' text-anchor='middle'>{}</text>\n", axes.x(layer),
                       kTop + kHeight + 18, layer);
  }
  svg += fmt::format("<text x='{}' y='{}' text-anchor='middle'>layer</text>\n", kLeft + kWidth / 2,
                     kTop + kHeight + 38);
  svg += fmt::format(
      "<text transform='translate(18 {}) rotate(-90)' text-anchor='middle'>mean attention distance "
      "(pixels)</text>\n",
      kTop + kHeight / 2);
  return svg;
}

}  // namespace

std::string distance_plot(const at::Tensor& distances, double uniform) {
  const at::Tensor values = distances.to(at::kCPU, at::kDouble).contiguous();
  const int64_t layers = values.size(0), heads = values.size(1);
  const double largest = std::max({values.max().item<double>(), uniform, 1e-6});
  const Axes axes{layers, 1.08 * largest};
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' "
      "font-family='sans-serif' font-size='12' fill='#222'>\n"
      "<rect width='100%' height='100%' fill='white'/>\n",
      kLeft + kWidth + 20, kTop + kHeight + 50);
  svg += draw_axes(axes);
  svg += fmt::format("<path d='M{} {:.1f}h{}' stroke='#c33' stroke-dasharray='5 4'/>\n", kLeft,
                     axes.y(uniform), kWidth);
  svg += fmt::format(
      "<text x='{}' y='{:.1f}' text-anchor='end' fill='#c33'>all patches alike: {:.1f}</text>\n",
      kLeft + kWidth - 6, axes.y(uniform) - 5, uniform);
  const double* value = values.const_data_ptr<double>();
  for (int64_t layer = 0; layer < layers; ++layer) {
    for (int64_t head = 0; head < heads; ++head, ++value) {
      svg += fmt::format(
          "<circle cx='{:.1f}' cy='{:.1f}' r='4' fill='#1f77b4' fill-opacity='0.7'><title>layer "
          "{}, head {}: {:.1f} pixels</title></circle>\n",
          axes.x(layer), axes.y(*value), layer, head, *value);
    }
  }
  return svg + "</svg>\n";
}

}  // namespace vit
