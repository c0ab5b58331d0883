// The convolutional part of a BiT ResNet: stem and stages of bottleneck units, pre-activation with
// fixed padding (published BiT weights; big_transfer) or post-activation with SAME padding (the ViT
// paper's ResNets and hybrids; vit_jax, big_vision).
//
// Used by the classifier (resnet.cpp) and, in front of the patches, by hybrids (patch_embed.hpp).
#pragma once

#include "vit/models/model.hpp"
#include "vit/models/vision_transformer.hpp"

#include "conv.hpp"

#include <optional>
#include <vector>

namespace vit {

constexpr int64_t kStemChannels = 64;
constexpr int64_t kBottleneck = 4;  // channels after a unit to those inside

// `channels` times the width factor.
int64_t widened(int64_t channels, double width);

// Bottleneck: 1x1, 3x3 (with the stride) and 1x1 convolutions beside a shortcut, which is a 1x1
// convolution where the shape changes (He et al. 2016). Parameters: downsample.{conv, norm}, conv1,
// norm1, conv2, norm2, conv3, norm3; their order is timm's.
class BottleneckUnit {
 public:
  struct Options {
    int64_t in, out;
    int64_t stride;
  };
  BottleneckUnit(const Scope& scope, const Options& options, const ConvStyle& style);

  at::Tensor operator()(const at::Tensor& x) const;  // [B, in, h, w] -> [B, out, ceil(h/s), ..]

  Extent output(Extent input) const { return convs_[1].output(input); }
  Macs macs(Extent input) const;

 private:
  at::Tensor pre_activation(const at::Tensor& x) const;
  at::Tensor post_activation(const at::Tensor& x) const;

  ResNetUnit unit_;
  std::optional<StdConv> shortcut_conv_;
  std::optional<GroupNorm> shortcut_norm_;
  std::vector<StdConv> convs_;
  std::vector<GroupNorm> norms_;
};

// 7x7 convolution of stride 2, norm and ReLU (post-activation only), max-pooling of stride 2.
class ResNetStem {
 public:
  ResNetStem(const Scope& scope, int64_t in, int64_t out, const ConvStyle& style);

  at::Tensor operator()(const at::Tensor& images) const;  // [B, in, H, W] -> [B, out, ..]

  Extent output(Extent image) const { return ceil_div(conv_.output(image), 2); }
  Macs macs(Extent image) const { return conv_.macs(image); }

 private:
  Padding padding_;
  StdConv conv_;
  std::optional<GroupNorm> norm_;
};

class ResNetTrunk {
 public:
  struct Options {
    int64_t in;                     // channels of the images
    int64_t stem;                   // channels after the stem
    std::vector<int64_t> channels;  // after each stage
    std::vector<int64_t> layers;    // units of each stage; empty: the stem is all, and its
                                    // parameters are conv and norm instead of stem.conv, stem.norm
  };
  ResNetTrunk(const Scope& scope, const Options& options, const ConvStyle& style);

  // Shows stem, stage0, stage1, ...
  at::Tensor operator()(const at::Tensor& images, Taps* taps) const;

  int64_t channels() const { return channels_; }  // of the result
  Extent output(Extent image) const;
  Macs macs(Extent image) const;

 private:
  ResNetStem stem_;
  std::vector<std::vector<BottleneckUnit>> stages_;
  int64_t channels_;
};

// The trunk of a hybrid.
ResNetTrunk::Options trunk_options(const TrunkConfig& config, int64_t image_channels);

}  // namespace vit
