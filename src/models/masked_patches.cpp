// B images, N patches, K of them corrupted, D width
#include "vit/models/masked_patches.hpp"

#include "vit/core/error.hpp"

#include "layers/parameters.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

namespace vit {

int64_t corrupted_patches(int64_t patches, const CorruptionShares& shares) {
  return std::llround(shares.corrupted * static_cast<double>(patches));
}

Corruption draw_corruption(int64_t images, int64_t patches, const CorruptionShares& shares,
                           c10::Device device) {
  const auto floats = at::device(device).dtype(at::kFloat);
  // The patches with the smallest of N random numbers: a draw without replacement.
  const at::Tensor places = at::rand({images, patches}, floats)
                                .argsort(int64_t{1})
                                .slice(1, 0, corrupted_patches(patches, shares));
  const at::Tensor corrupted =
      at::zeros({images, patches}, floats.dtype(at::kBool)).scatter_(1, places, true);
  const at::Tensor fate = at::rand({images, patches}, floats);
  const at::Tensor swapped = corrupted.logical_and(fate >= shares.masked)
                                 .logical_and(fate < shares.masked + shares.swapped);
  const at::Tensor own = at::arange(patches, floats.dtype(at::kLong)).unsqueeze(0);  // [1, N]
  const at::Tensor step =
      at::randint(1, std::max<int64_t>(patches, 2), {images, patches}, floats.dtype(at::kLong));
  return {places, corrupted.logical_and(fate < shares.masked),
          at::where(swapped, at::remainder(own + step, patches), own)};
}

MaskedPatchModel::MaskedPatchModel(std::unique_ptr<Model> network, int64_t outputs,
                                   const ModelArgs& args)
    : network_(std::move(network)) {
  const PatchTokens tokens = network_->patch_tokens();
  if (tokens.grid.area() == 0) {
    throw ConfigError(
        "masked patch prediction needs a network with patches\n"
        "this one is a ResNet; choose a ViT or a hybrid");
  }
  ParameterList list;
  list.seed = args.seed;
  list.allocation = args.allocation;
  const Scope scope(list);
  mask_token_ = scope.parameter("mask_token", {1, 1, tokens.width}, normal(0.02));
  const Scope head = scope.sub("mask_head");
  head_weight_ = head.parameter("weight", {outputs, tokens.width}, lecun_normal(tokens.width));
  head_bias_ = head.parameter("bias", {outputs}, constant(0));
  parameters_ = network_->parameters();
  parameters_.insert(parameters_.end(), list.parameters.begin(), list.parameters.end());
}

at::Tensor MaskedPatchModel::predict(const at::Tensor& images, Mode mode,
                                     const Corruption& corruption) const {
  const auto corrupt = [&](const at::Tensor& patches) {
    const at::Tensor source = corruption.source.unsqueeze(2).expand(patches.sizes());
    return at::where(corruption.masked.unsqueeze(2), mask_token_.to(patches.scalar_type()),
                     patches.gather(1, source));  // [B, N, D]
  };
  const at::Tensor encoded = network_->encode_patches(images, mode, corrupt);  // [B, N, D]
  const at::Tensor places =
      corruption.places.unsqueeze(2).expand({-1, -1, encoded.size(2)});  // [B, K, D]
  return at::linear(encoded.gather(1, places), head_weight_, head_bias_);
}

ModelCost MaskedPatchModel::cost() const {
  ModelCost cost = network_->cost();
  const double head = static_cast<double>(head_weight_.numel()) *
                      static_cast<double>(network_->patch_tokens().grid.area());
  cost.macs += head;
  cost.macs_unpadded += head;
  return cost;
}

}  // namespace vit
