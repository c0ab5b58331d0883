// B batch, h x w positions; channels: in -> mid = out / 4 -> out
#include "resnet_trunk.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

namespace vit {

namespace {

void show(Taps* taps, const std::string& name, const at::Tensor& value) {
  if (taps != nullptr) taps->see(name, value);
}

}  // namespace

int64_t widened(int64_t channels, double width) {
  return std::llround(static_cast<double>(channels) * width);
}

BottleneckUnit::BottleneckUnit(const Scope& scope, const Options& options, const ConvStyle& style)
    : unit_(style.unit) {
  const auto [in, out, stride] = options;
  const double eps = style.norm_eps;
  const bool is_post_activation = unit_ == ResNetUnit::kPostActivation;
  if (in != out || stride != 1) {
    const Scope shortcut = scope.sub("downsample");
    shortcut_conv_.emplace(shortcut.sub("conv"), StdConv::Options{in, out, 1, stride}, style);
    if (is_post_activation) shortcut_norm_.emplace(shortcut.sub("norm"), out, eps);
  }
  const int64_t mid = out / kBottleneck;
  const StdConv::Options shapes[] = {{in, mid, 1, 1}, {mid, mid, 3, stride}, {mid, out, 1, 1}};
  for (const StdConv::Options& shape : shapes) {
    const std::string number = std::to_string(convs_.size() + 1);
    const Scope conv = scope.sub("conv" + number), norm = scope.sub("norm" + number);
    if (!is_post_activation) norms_.emplace_back(norm, shape.in, eps);
    convs_.emplace_back(conv, shape, style);
    if (is_post_activation) {
      // The last scale is zero, as in the reference: units start as the identity.
      norms_.emplace_back(norm, shape.out, eps, /*scale=*/convs_.size() == 3 ? 0.0 : 1.0);
    }
  }
}

at::Tensor BottleneckUnit::operator()(const at::Tensor& x) const {
  return unit_ == ResNetUnit::kPreActivation ? pre_activation(x) : post_activation(x);
}

// He et al. 2016b. A convolution in the shortcut sees the activated input, too.
at::Tensor BottleneckUnit::pre_activation(const at::Tensor& x) const {
  const at::Tensor activated = norms_[0](x).relu_();
  const at::Tensor shortcut = shortcut_conv_ ? (*shortcut_conv_)(activated) : x;
  at::Tensor y = convs_[0](activated);                // [B, mid, h, w]
  y = convs_[1](norms_[1](y).relu_());                // [B, mid, h/s, w/s]
  return convs_[2](norms_[2](y).relu_()) + shortcut;  // [B, out, h/s, w/s]
}

// He et al. 2016a.
at::Tensor BottleneckUnit::post_activation(const at::Tensor& x) const {
  const at::Tensor shortcut = shortcut_conv_ ? (*shortcut_norm_)((*shortcut_conv_)(x)) : x;
  at::Tensor y = norms_[0](convs_[0](x)).relu_();  // [B, mid, h, w]
  y = norms_[1](convs_[1](y)).relu_();             // [B, mid, h/s, w/s]
  y = norms_[2](convs_[2](y));                     // [B, out, h/s, w/s]
  return (y + shortcut).relu_();
}

Macs BottleneckUnit::macs(Extent input) const {
  Macs macs = shortcut_conv_ ? shortcut_conv_->macs(input) : Macs{};
  macs += convs_[0].macs(input);
  macs += convs_[1].macs(input);
  macs += convs_[2].macs(output(input));
  return macs;
}

ResNetStem::ResNetStem(const Scope& scope, int64_t in, int64_t out, const ConvStyle& style)
    : padding_(style.padding),
      conv_(scope.sub("conv"), {.in = in, .out = out, .kernel = 7, .stride = 2}, style) {
  if (style.unit == ResNetUnit::kPostActivation) {
    norm_.emplace(scope.sub("norm"), out, style.norm_eps);
  }
}

at::Tensor ResNetStem::operator()(const at::Tensor& images) const {
  at::Tensor x = conv_(images);
  if (norm_) x = (*norm_)(x).relu_();
  return max_pool(x, padding_);
}

ResNetTrunk::ResNetTrunk(const Scope& scope, const Options& options, const ConvStyle& style)
    : stem_(options.layers.empty() ? scope : scope.sub("stem"), options.in, options.stem, style),
      channels_(options.stem) {
  for (size_t s = 0; s < options.layers.size(); ++s) {
    const Scope stage = scope.sub("stages").sub(std::to_string(s)).sub("blocks");
    std::vector<BottleneckUnit>& units = stages_.emplace_back();
    for (int64_t u = 0; u < options.layers[s]; ++u) {
      const int64_t stride = s > 0 && u == 0 ? 2 : 1;
      units.emplace_back(stage.sub(std::to_string(u)),
                         BottleneckUnit::Options{channels_, options.channels[s], stride}, style);
      channels_ = options.channels[s];
    }
  }
}

at::Tensor ResNetTrunk::operator()(const at::Tensor& images, Taps* taps) const {
  at::Tensor x = stem_(images);
  show(taps, "stem", x);
  for (size_t s = 0; s < stages_.size(); ++s) {
    for (const BottleneckUnit& unit : stages_[s]) x = unit(x);
    show(taps, "stage" + std::to_string(s), x);
  }
  return x;
}

Extent ResNetTrunk::output(Extent image) const {
  Extent size = stem_.output(image);
  for (const auto& units : stages_) {
    for (const BottleneckUnit& unit : units) size = unit.output(size);
  }
  return size;
}

Macs ResNetTrunk::macs(Extent image) const {
  Macs macs = stem_.macs(image);
  Extent size = stem_.output(image);
  for (const auto& units : stages_) {
    for (const BottleneckUnit& unit : units) {
      macs += unit.macs(size);
      size = unit.output(size);
    }
  }
  return macs;
}

ResNetTrunk::Options trunk_options(const TrunkConfig& config, int64_t image_channels) {
  ResNetTrunk::Options options{.in = image_channels,
                               .stem = widened(kStemChannels, config.width),
                               .channels = {},
                               .layers = config.layers};
  for (size_t s = 0; s < config.layers.size(); ++s) {
    options.channels.push_back((options.stem * kBottleneck) << s);
  }
  return options;
}

}  // namespace vit
