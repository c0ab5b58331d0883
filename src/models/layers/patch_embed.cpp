// B batch, C channels, N patches, D width, h x w grid, p x q patch
#include "patch_embed.hpp"

#include <ATen/ATen.h>

namespace vit {

PatchEmbed::PatchEmbed(const Scope& scope, const Options& options)
    : image_(options.image), patch_(options.patch) {
  int64_t channels = options.channels;
  Extent size = image_;
  if (options.trunk) {
    trunk_.emplace(scope.sub("backbone"), trunk_options(*options.trunk, channels),
                   ConvStyle(ResNetUnit::kPostActivation, options.numerics));
    channels = trunk_->channels();
    size = trunk_->output(image_);
  }
  grid_ = {size.height / patch_.height, size.width / patch_.width};
  const Scope proj = scope.sub("proj");
  weight_ = proj.parameter("weight", {options.width, channels, patch_.height, patch_.width},
                           lecun_normal(channels * patch_.area()));
  bias_ = proj.parameter("bias", {options.width}, constant(0));
}

// A matrix product over rearranged pixels is the convolution with kernel = stride = patch, and
// faster than calling it one: no layout conversions, and its backward pass is one more product.
at::Tensor PatchEmbed::operator()(const at::Tensor& images, Taps* taps) const {
  const at::Tensor source = features(images, taps);  // [B, C, H, W]
  const int64_t batch = source.size(0), channels = source.size(1);
  const at::Tensor patches =
      source.narrow(2, 0, grid_.height * patch_.height)
          .narrow(3, 0, grid_.width * patch_.width)
          .reshape({batch, channels, grid_.height, patch_.height, grid_.width, patch_.width})
          .permute({0, 2, 4, 1, 3, 5})  // [B, h, w, C, p, q]
          .reshape({batch, grid_.area(), channels * patch_.area()});
  return at::linear(patches, weight_.flatten(1), bias_);  // [B, N, D]
}

at::Tensor PatchEmbed::features(const at::Tensor& images, Taps* taps) const {
  if (!trunk_) return images;
  const at::Tensor x = (*trunk_)(images, taps);
  if (taps != nullptr) taps->see("trunk", x);
  return x;
}

Macs PatchEmbed::macs() const {
  Macs macs = trunk_ ? trunk_->macs(image_) : Macs{};
  const double projection =
      static_cast<double>(weight_.numel()) * static_cast<double>(grid_.area());
  macs += {projection, projection};
  return macs;
}

}  // namespace vit
