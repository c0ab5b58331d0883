// B images, H heads, T tokens, N = h*w patches
#include "attention.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace vit {
namespace {

// attn0, attn1, ..: the names under which blocks show their probabilities.
bool is_attention(std::string_view name) {
  constexpr std::string_view kPrefix = "attn";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size() &&
         std::all_of(name.begin() + kPrefix.size(), name.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

// The part of [.., T, T] between patches.
at::Tensor between_patches(const at::Tensor& weights, const TokenPlaces& places) {
  return weights.slice(-2, places.leading).slice(-1, places.leading);
}

}  // namespace

TokenPlaces places_of(const VitConfig& config) {
  const int64_t stride = config.trunk ? config.trunk->stride() : 1;
  TokenPlaces places;
  places.leading = (config.has_class_token() ? 1 : 0) + (config.distilled ? 1 : 0);
  places.grid = config.grid();
  places.pitch = {config.patch.height * stride, config.patch.width * stride};
  places.viewer = config.pooling == Pooling::kToken ? Viewer::kClassToken : Viewer::kPatches;
  return places;
}

at::Tensor patch_distances(const TokenPlaces& places) {
  const auto options = at::TensorOptions(at::kDouble);
  const auto along = [&](int64_t count, int64_t pitch) {
    const at::Tensor at = at::arange(count, options) * static_cast<double>(pitch);
    return (at.unsqueeze(1) - at.unsqueeze(0)).square();  // [count, count]
  };
  const at::Tensor rows = along(places.grid.height, places.pitch.height);
  const at::Tensor columns = along(places.grid.width, places.pitch.width);
  const int64_t n = places.grid.area();
  return (rows.view({places.grid.height, 1, places.grid.height, 1}) +
          columns.view({1, places.grid.width, 1, places.grid.width}))
      .sqrt()
      .reshape({n, n})
      .to(at::kFloat);
}

at::Tensor attention_distance(const at::Tensor& attention, const TokenPlaces& places,
                              PatchWeights weights) {
  const at::Tensor own = between_patches(attention, places);  // [B, H, N, N]
  at::Tensor distance =
      (own * patch_distances(places).to(attention.device())).sum(-1);  // [B, H, N]
  if (weights == PatchWeights::kRenormalised) distance = distance / own.sum(-1);
  return distance.mean(-1);
}

at::Tensor rolled_out(const at::Tensor& joint, const at::Tensor& attention) {
  at::Tensor layer = attention.to(at::kFloat).mean(1);  // [B, T, T]
  layer = layer + at::eye(layer.size(-1), layer.options());
  layer = layer / layer.sum(-1, /*keepdim=*/true);
  return joint.defined() ? at::matmul(layer, joint) : layer;
}

at::Tensor viewed_patches(const at::Tensor& weights, const TokenPlaces& places) {
  const at::Tensor row = places.viewer == Viewer::kClassToken
                             ? weights.select(-2, 0).slice(-1, places.leading)
                             : between_patches(weights, places).mean(-2);  // [.., N]
  return row.unflatten(-1, {places.grid.height, places.grid.width});
}

at::Tensor divided_by_max(const at::Tensor& maps) {
  return maps / maps.amax({-2, -1}, /*keepdim=*/true).clamp_min(1e-30);
}

void AttentionReader::see(const std::string& name, const at::Tensor& value) {
  if (!is_attention(name)) return;
  VIT_CHECK(value.size(-1) == places_.tokens(), "attention over another number of tokens");
  // A forward pass in bfloat16 must not take the products here with it.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::Tensor attention = value.to(at::kFloat);
  joint_ = rolled_out(joint_, attention);
  distances_.push_back(attention_distance(attention, places_, PatchWeights::kAsGiven));
  renormalised_.push_back(attention_distance(attention, places_, PatchWeights::kRenormalised));
  maps_.push_back(viewed_patches(attention, places_));
}

at::Tensor AttentionReader::rollout() const {
  VIT_CHECK(joint_.defined(), "a forward pass with blocks came before");
  return divided_by_max(viewed_patches(joint_, places_));
}

}  // namespace vit
