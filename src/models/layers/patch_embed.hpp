// From an image to a row of tokens: non-overlapping patches through one dense layer (Dosovitskiy et
// al. 2021, eq. 1).
//
// The part of a Vision Transformer that knows pixels. A network trunk in front of it (a hybrid)
// replaces this part only: what the Transformer uses is operator() and grid().
#pragma once

#include "vit/core/extent.hpp"
#include "vit/models/vision_transformer.hpp"

#include "parameters.hpp"

namespace vit {

class PatchEmbed {
 public:
  struct Options {
    int64_t channels;
    Extent image;
    Extent patch;
    int64_t width;
    std::optional<TrunkConfig> trunk;
    Numerics numerics;
  };
  PatchEmbed(const Scope& scope, const Options& options);

  // images [B, C, H, W] -> tokens [B, N, D], row by row. Pixels beyond the last whole patch are
  // left out.
  at::Tensor operator()(const at::Tensor& images, Taps* taps) const;

  Extent grid() const { return grid_; }  // N = grid().area()
  double macs() const;                   // of one image

 private:
  Extent patch_;
  Extent grid_;
  at::Tensor weight_;  // [D, C, patch height, patch width]: that of the equivalent convolution
  at::Tensor bias_;    // [D]
};

}  // namespace vit
