// B batch, C channels, N patches, D width, h x w grid, p x q patch
#include "patch_embed.hpp"

#include <ATen/ATen.h>

namespace vit {

PatchEmbed::PatchEmbed(const Scope& scope, const Options& options)
    : patch_(options.patch),
      grid_{options.image.height / options.patch.height,
            options.image.width / options.patch.width} {
  const Scope proj = scope.sub("proj");
  weight_ = proj.parameter("weight", {options.width, options.channels, patch_.height, patch_.width},
                           lecun_normal(options.channels * patch_.area()));
  bias_ = proj.parameter("bias", {options.width}, constant(0));
}

// A matrix product over rearranged pixels is the convolution with kernel = stride = patch, and
// faster than calling it one: no layout conversions, and its backward pass is one more product.
at::Tensor PatchEmbed::operator()(const at::Tensor& images, Taps* /*taps*/) const {
  const int64_t batch = images.size(0), channels = images.size(1);
  const at::Tensor patches =
      images.narrow(2, 0, grid_.height * patch_.height)
          .narrow(3, 0, grid_.width * patch_.width)
          .reshape({batch, channels, grid_.height, patch_.height, grid_.width, patch_.width})
          .permute({0, 2, 4, 1, 3, 5})  // [B, h, w, C, p, q]
          .reshape({batch, grid_.area(), channels * patch_.area()});
  return at::linear(patches, weight_.flatten(1), bias_);  // [B, N, D]
}

double PatchEmbed::macs() const {
  return static_cast<double>(weight_.numel()) * static_cast<double>(grid_.area());
}

}  // namespace vit
