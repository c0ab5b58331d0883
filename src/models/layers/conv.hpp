// The layers of the ResNets of Big Transfer: convolutions with standardised weights (Qiao et al.
// 2019), group norm (Wu & He 2018) and max-pooling, in the forms of the implementations that
// published weights.
//
// Every layer of stride s turns n rows into ceil(n / s), whichever way it pads. The two ways differ
// in where an odd pixel goes, which shifts the features of a stride-2 layer by one pixel.
#pragma once

#include "vit/core/extent.hpp"
#include "vit/models/numerics.hpp"
#include "vit/models/resnet.hpp"

#include "parameters.hpp"

namespace vit {

enum class Padding {
  kSame,  // as little as gives ceil(n / s); an odd pixel goes to the bottom and the right (TF, JAX)
  kFixed,  // half the kernel on all sides (PyTorch)
};

// What the layers of one network share: its kind of unit decides the padding, and with the
// implementation the small constants.
struct ConvStyle {
  enum class EpsPlace { kUnderRoot, kBesideRoot };  // / sqrt(var + eps), / (sqrt(var) + eps)

  ConvStyle(ResNetUnit unit, Numerics numerics);

  ResNetUnit unit;
  Padding padding;
  double weight_eps;
  EpsPlace weight_eps_place;
  double norm_eps;
};

// Multiply-accumulates of one image: all of them, and those that do not meet a padding zero.
struct Macs {
  double all = 0, inside = 0;
  Macs& operator+=(const Macs& other) {
    all += other.all;
    inside += other.inside;
    return *this;
  }
};

constexpr int64_t kNormGroups = 32;
constexpr bool divides_into_groups(int64_t channels) {
  return channels > 0 && channels % kNormGroups == 0;
}

// Convolution without bias whose kernels are brought to mean 0 and variance 1 per output channel
// before use; the parameter, weight [out, in, kernel, kernel], stays as it is. Standardised in the
// precision of the parameter, before autocast rounds.
class StdConv {
 public:
  struct Options {
    int64_t in, out;
    int64_t kernel;
    int64_t stride;
  };
  StdConv(const Scope& scope, const Options& options, const ConvStyle& style);

  at::Tensor operator()(
      const at::Tensor& x) const;  // [B, in, h, w] -> [B, out, ceil(h/s), ceil(w/s)]

  Extent output(Extent input) const;
  Macs macs(Extent input) const;

 private:
  at::Tensor standardised_weight() const;

  at::Tensor weight_;
  int64_t stride_;
  ConvStyle style_;
};

// Over 32 groups of channels and all positions. Parameters: weight [channels] = `scale`, bias = 0.
class GroupNorm {
 public:
  GroupNorm(const Scope& scope, int64_t channels, double eps, double scale = 1);

  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
  double eps_;
};

// 3x3, stride 2. What lies outside: nothing for kSame, zeros (which count) for kFixed, as published
// BiT weights need.
at::Tensor max_pool(const at::Tensor& x, Padding padding);

Extent ceil_div(Extent size, int64_t stride);

}  // namespace vit
