#include "position_embedding.hpp"

#include <ATen/ATen.h>

namespace vit {

at::Tensor sincos_position_embedding(Extent grid, int64_t width, int64_t prefix) {
  const int64_t quarter = width / 4;
  const auto options = at::TensorOptions(at::kDouble);
  const at::Tensor frequency =
      at::pow(10000.0, -at::arange(quarter, options) / static_cast<double>(quarter - 1));  // [D/4]
  const at::Tensor place = at::arange(grid.area(), options);
  const at::Tensor row = at::floor(place / static_cast<double>(grid.width));         // [N]
  const at::Tensor column = place - row * static_cast<double>(grid.width);           // [N]
  const at::Tensor x = at::outer(column, frequency), y = at::outer(row, frequency);  // [N, D/4]
  const at::Tensor patches = at::cat({x.sin(), x.cos(), y.sin(), y.cos()}, 1);       // [N, D]
  return at::cat({at::zeros({prefix, width}, options), patches}).to(at::kFloat).unsqueeze(0);
}

}  // namespace vit
