// From an image to a row of tokens: non-overlapping patches through one dense layer (Dosovitskiy et
// al. 2021, eq. 1). In a hybrid the patches are cut from the features of a ResNet instead (section
// 3.1, "Hybrid Architecture").
//
// The part of a Vision Transformer that knows pixels: what the Transformer uses is operator() and
// grid().
#pragma once

#include "vit/core/extent.hpp"

#include "resnet_trunk.hpp"

#include <optional>

namespace vit {

// Parameters: backbone.* of a hybrid, proj.weight, proj.bias.
class PatchEmbed {
 public:
  struct Options {
    int64_t channels;
    Extent image;
    Extent patch;  // in pixels, or in positions of the trunk's features
    int64_t width;
    std::optional<TrunkConfig> trunk = {};
    Numerics numerics = Numerics::kTimm;  // of the trunk
  };
  PatchEmbed(const Scope& scope, const Options& options);

  // images [B, C, H, W] -> tokens [B, N, D], row by row. What lies beyond the last whole patch is
  // left out. A hybrid shows its trunk's stages and `trunk`, its result.
  at::Tensor operator()(const at::Tensor& images, Taps* taps) const;

  Extent grid() const { return grid_; }  // N = grid().area()
  Macs macs() const;

 private:
  at::Tensor features(const at::Tensor& images, Taps* taps) const;

  std::optional<ResNetTrunk> trunk_;
  Extent image_;
  Extent patch_;
  Extent grid_;
  at::Tensor weight_;  // [D, C, patch height, patch width], as of a convolution
  at::Tensor bias_;    // [D]
};

}  // namespace vit
