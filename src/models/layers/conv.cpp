// B batch, C input channels, K output channels, h x w positions, k kernel size
#include "conv.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace vit {

namespace {

int64_t ceil_div(int64_t size, int64_t stride) { return (size + stride - 1) / stride; }

// Rows (or columns) to add around `size` of them.
struct Margin {
  int64_t low, high;
};

Margin same_margin(int64_t size, int64_t kernel, int64_t stride) {
  const int64_t span = (ceil_div(size, stride) - 1) * stride + kernel;
  const int64_t total = std::max<int64_t>(span - size, 0);
  return {total / 2, total - total / 2};
}

// Pairs of an output and a kernel tap that lies on one of the `size` inputs, along one axis.
int64_t taps_inside(int64_t size, int64_t kernel, int64_t stride, int64_t margin) {
  int64_t count = 0;
  for (int64_t at = 0; at < ceil_div(size, stride); ++at) {
    const int64_t first = at * stride - margin;
    count += std::min(first + kernel, size) - std::max<int64_t>(first, 0);
  }
  return count;
}

}  // namespace

Extent ceil_div(Extent size, int64_t stride) {
  return {ceil_div(size.height, stride), ceil_div(size.width, stride)};
}

// timm 1.0: resnetv2.py, vision_transformer_hybrid.py. jax: models_resnet.py of vit_jax and bit.py
// of big_vision (post-activation); bit_jax/models.py of big_transfer (pre-activation).
ConvStyle::ConvStyle(ResNetUnit unit, Numerics numerics)
    : unit(unit),
      padding(unit == ResNetUnit::kPreActivation ? Padding::kFixed : Padding::kSame),
      weight_eps(1e-8),
      weight_eps_place(EpsPlace::kUnderRoot),
      norm_eps(1e-5) {
  if (numerics == Numerics::kTimm) return;
  if (unit == ResNetUnit::kPreActivation) {
    weight_eps = 1e-10;
  } else {
    weight_eps = 1e-5;
    weight_eps_place = EpsPlace::kBesideRoot;
    norm_eps = 1e-6;
  }
}

StdConv::StdConv(const Scope& scope, const Options& options, const ConvStyle& style)
    : weight_(scope.parameter("weight", {options.out, options.in, options.kernel, options.kernel},
                              lecun_normal(options.in * options.kernel * options.kernel))),
      stride_(options.stride),
      style_(style) {}

// With the eps under the root this is a layer norm of each kernel: one fused operation.
at::Tensor StdConv::standardised_weight() const {
  const at::Tensor kernels = weight_.flatten(1);  // [K, C k k]
  if (style_.weight_eps_place == ConvStyle::EpsPlace::kUnderRoot) {
    return at::layer_norm(kernels, {kernels.size(1)}, {}, {}, style_.weight_eps).view_as(weight_);
  }
  const auto [deviation, mean] =
      at::std_mean(kernels, at::OptionalIntArrayRef(1), /*correction=*/0, /*keepdim=*/true);
  return ((kernels - mean) / (deviation + style_.weight_eps)).view_as(weight_);
}

at::Tensor StdConv::operator()(const at::Tensor& x) const {
  const at::Tensor weight = standardised_weight();
  const int64_t kernel = weight_.size(2);
  if (style_.padding == Padding::kFixed) {
    return at::conv2d(x, weight, {}, stride_, (kernel - 1) / 2);
  }
  // The convolution pads both sides alike: only an odd pixel has to be added beforehand.
  const Margin rows = same_margin(x.size(2), kernel, stride_),
               columns = same_margin(x.size(3), kernel, stride_);
  const bool is_symmetric = rows.low == rows.high && columns.low == columns.high;
  const at::Tensor padded =
      is_symmetric
          ? x
          : at::constant_pad_nd(x, {0, columns.high - columns.low, 0, rows.high - rows.low});
  return at::conv2d(padded, weight, {}, stride_, {rows.low, columns.low});
}

Extent StdConv::output(Extent input) const { return ceil_div(input, stride_); }

Macs StdConv::macs(Extent input) const {
  const int64_t kernel = weight_.size(2);
  const auto inside_along = [&](int64_t size) {
    const int64_t margin = style_.padding == Padding::kFixed
                               ? (kernel - 1) / 2
                               : same_margin(size, kernel, stride_).low;
    return static_cast<double>(taps_inside(size, kernel, stride_, margin));
  };
  const auto channels = static_cast<double>(weight_.size(0) * weight_.size(1));
  return {static_cast<double>(weight_.numel()) * static_cast<double>(output(input).area()),
          channels * inside_along(input.height) * inside_along(input.width)};
}

GroupNorm::GroupNorm(const Scope& scope, int64_t channels, double eps, double scale)
    : weight_(scope.parameter("weight", {channels}, constant(scale))),
      bias_(scope.parameter("bias", {channels}, constant(0))),
      eps_(eps) {}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  return at::group_norm(x, kNormGroups, weight_, bias_, eps_);
}

at::Tensor max_pool(const at::Tensor& x, Padding padding) {
  constexpr int64_t kKernel = 3, kStride = 2;
  if (padding == Padding::kFixed) {
    return at::max_pool2d(at::constant_pad_nd(x, {1, 1, 1, 1}), kKernel, kStride);
  }
  // In ceil mode the last window may reach over the edge, which is the odd pixel of SAME padding.
  const int64_t top = same_margin(x.size(2), kKernel, kStride).low,
                left = same_margin(x.size(3), kKernel, kStride).low;
  return at::max_pool2d(x, kKernel, kStride, {top, left}, /*dilation=*/1, /*ceil_mode=*/true);
}

}  // namespace vit
