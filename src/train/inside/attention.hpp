// What attention probabilities tell about a network: how far each head looks, and where on the
// image the prediction comes from. Functions of tensors; AttentionReader applies them while a
// forward pass runs, so that no layer's probabilities are kept.
//
// B images, H heads, T tokens: class and distillation token, then the h x w patches row by row.
#pragma once

#include "vit/core/extent.hpp"
#include "vit/models/model.hpp"
#include "vit/models/vision_transformer.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace vit {

// Whose view of the patches stands for the network's: that of the token the head reads. Networks
// that pool the patches have no such token; there it is the mean over all patches. (What a head of
// attention pooling adds to that is not included.)
enum class Viewer { kClassToken, kPatches };

struct TokenPlaces {
  int64_t leading = 0;  // tokens before the patches
  Extent grid;          // h x w patches
  Extent pitch;         // pixels from a patch to the next; the trunk's stride included in hybrids
  Viewer viewer = Viewer::kClassToken;

  int64_t tokens() const { return leading + grid.area(); }
};
TokenPlaces places_of(const VitConfig& config);

// Distances between the centres of patches in pixels, [h*w, h*w].
at::Tensor patch_distances(const TokenPlaces& places);

// kAsGiven leaves the probabilities of a row as they are when the columns of class and distillation
// token are dropped, as most implementations do: attention to these tokens then counts as distance
// 0. kRenormalised makes them sum to 1 again.
enum class PatchWeights { kAsGiven, kRenormalised };

// Mean attention distance in pixels (Dosovitskiy et al. 2021, figures 7 right and 11): the distance
// between query and key weighted by the attention, averaged over the queries. Queries and keys are
// patches. attention [B, H, T, T] -> [B, H].
at::Tensor attention_distance(const at::Tensor& attention, const TokenPlaces& places,
                              PatchWeights weights);

// One layer of attention rollout (Abnar and Zuidema 2020): the attention averaged over heads, plus
// the identity for the residual connection, each row divided by its sum, times the `joint` weights
// [B, T, T] of the layers before (undefined: this is the first). attention [B, H, T, T] -> [B, T,
// T].
at::Tensor rolled_out(const at::Tensor& joint, const at::Tensor& attention);

// The viewer's row of weights [.., T, T] as a map of the patches, [.., h, w].
at::Tensor viewed_patches(const at::Tensor& weights, const TokenPlaces& places);

// Each map of [.., h, w] divided by its largest value.
at::Tensor divided_by_max(const at::Tensor& maps);

class AttentionReader final : public Taps {
 public:
  explicit AttentionReader(const TokenPlaces& places) : places_(places) {}

  void start() { *this = AttentionReader(places_); }  // before a forward pass
  void see(const std::string& name, const at::Tensor& value) override;

  // Of the last pass, an entry a layer; fp32 whatever the precision of the pass.
  const std::vector<at::Tensor>& distances() const { return distances_; }  // [B, H], kAsGiven
  const std::vector<at::Tensor>& renormalised_distances() const { return renormalised_; }
  const std::vector<at::Tensor>& maps() const { return maps_; }  // [B, H, h, w]
  // The rollout of all layers, [B, h, w] with a largest value of 1.
  at::Tensor rollout() const;

 private:
  TokenPlaces places_;
  at::Tensor joint_;
  std::vector<at::Tensor> distances_, renormalised_, maps_;
};

}  // namespace vit
