// D width, h x w old size, H x W new size
#include "vit/models/resample_weights.hpp"

#include "vit/core/error.hpp"
#include "vit/runtime/precision.hpp"

#include <ATen/ATen.h>

#include <array>

namespace vit {

namespace {

enum class Edge { kClamp, kZero };

// One axis of SciPy's zoom of order 1: [to, from], two weights a row. Output k lies at
// k * ((from - 1) / (to - 1)), which rounding can put beyond the last input: SciPy then writes 0.
at::Tensor linear_between_corners(int64_t from, int64_t to, Edge edge) {
  at::Tensor matrix = at::zeros({to, from}, at::kDouble);
  auto weights = matrix.accessor<double, 2>();
  const double step = to > 1 ? static_cast<double>(from - 1) / static_cast<double>(to - 1) : 0.0;
  for (int64_t k = 0; k < to; ++k) {
    const double place = static_cast<double>(k) * step;
    if (place > static_cast<double>(from - 1)) {
      weights[k][from - 1] = edge == Edge::kClamp ? 1.0 : 0.0;
      continue;
    }
    const auto low = static_cast<int64_t>(place);
    const double share = place - static_cast<double>(low);
    weights[k][low] += 1.0 - share;
    if (share > 0.0) weights[k][low + 1] += share;
  }
  return matrix;
}

at::Tensor resize_linear(const at::Tensor& grid, Extent to, Edge edge) {
  const int64_t h = grid.size(1), w = grid.size(2), width = grid.size(0);
  const at::Tensor rows = linear_between_corners(h, to.height, edge),
                   columns = linear_between_corners(w, to.width, edge);
  const at::Tensor tall = rows.matmul(grid.to(at::kDouble).reshape({width, h, w}));  // [D, H, w]
  return tall.matmul(columns.t()).to(at::kFloat);                                    // [D, H, W]
}

// [D, h, w] -> [D, H, W]
at::Tensor resize_grid(const at::Tensor& grid, Extent to, PositionResize how) {
  const at::Tensor image = grid.unsqueeze(0).contiguous();
  const std::array<int64_t, 2> size{to.height, to.width};
  switch (how) {
    case PositionResize::kReference:
      return resize_linear(grid, to, Edge::kClamp);
    case PositionResize::kReferenceEdgeZeros:
      return resize_linear(grid, to, Edge::kZero);
    case PositionResize::kTimm:
      return at::_upsample_bicubic2d_aa(image, size, /*align_corners=*/false).squeeze(0);
    case PositionResize::kTimmNpz:
      return at::upsample_bilinear2d(image, size, /*align_corners=*/false).squeeze(0);
    case PositionResize::kTorchvision:
      return at::upsample_bicubic2d(image, size, /*align_corners=*/true).squeeze(0);
    case PositionResize::kHuggingFace:
      return at::upsample_bicubic2d(image, size, /*align_corners=*/false).squeeze(0);
  }
  VIT_CHECK(false, "unknown way to resize position embeddings");
}

// What resizing does to one axis of a patch: [to, from]. The columns of an image are the basis.
at::Tensor resize_matrix(int64_t from, int64_t to, PatchResize how) {
  const at::Tensor basis = at::eye(from, at::kDouble).view({1, 1, from, from});
  const std::array<int64_t, 2> size{to, from};
  const at::Tensor resized = how == PatchResize::kTimm
                                 ? at::_upsample_bicubic2d_aa(basis, size, /*align_corners=*/false)
                                 : at::upsample_bilinear2d(basis, size, /*align_corners=*/false);
  return resized.view({to, from});
}

}  // namespace

at::Tensor resize_position_embedding(const at::Tensor& embedding, int64_t prefix, Extent from,
                                     Extent to, PositionResize how) {
  VIT_CHECK(embedding.dim() == 3 && embedding.size(1) == prefix + from.area(),
            "embedding and grid differ in size");
  const NoGrad no_gradients;
  const at::Tensor values = embedding.to(at::kCPU, at::kFloat);
  if (from == to) return values;
  const at::Tensor grid = values.slice(1, prefix)
                              .reshape({from.height, from.width, values.size(2)})
                              .permute({2, 0, 1});                                    // [D, h, w]
  const at::Tensor resized = resize_grid(grid, to, how).flatten(1).t().unsqueeze(0);  // [1, HW, D]
  return at::cat({values.slice(1, 0, prefix), resized}, 1);
}

// Resizing is separable, and so is its pseudo-inverse.
at::Tensor resize_patch_kernel(const at::Tensor& kernel, Extent to, PatchResize how) {
  VIT_CHECK(kernel.dim() == 4, "a patch kernel has four dimensions");
  const NoGrad no_gradients;
  const at::Tensor values = kernel.to(at::kCPU, at::kFloat);
  if (values.size(2) == to.height && values.size(3) == to.width) return values;
  const at::Tensor rows = at::linalg_pinv(resize_matrix(values.size(2), to.height, how)),  // [h, H]
      columns = at::linalg_pinv(resize_matrix(values.size(3), to.width, how));             // [w, W]
  return rows.t().matmul(values.to(at::kDouble)).matmul(columns).to(at::kFloat).contiguous();
}

at::Tensor adapt_input_channels(const at::Tensor& kernel, int64_t channels) {
  VIT_CHECK(kernel.dim() == 4 && channels > 0, "a convolution kernel has four dimensions");
  const NoGrad no_gradients;
  const at::Tensor values = kernel.to(at::kCPU, at::kFloat);
  const int64_t given = values.size(1);
  if (given == channels) return values;
  if (channels == 1) return values.sum(1, /*keepdim=*/true);
  const int64_t times = (channels + given - 1) / given;
  const double scale = static_cast<double>(given) / static_cast<double>(channels);
  return values.repeat({1, times, 1, 1}).slice(1, 0, channels) * scale;
}

}  // namespace vit
