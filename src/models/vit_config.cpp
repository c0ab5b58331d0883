#include "vit/models/vision_transformer.hpp"

#include "layers/resnet_trunk.hpp"

#include <algorithm>

namespace vit {

// Convolution and pooling of the stem halve the size, and so does every stage after the first.
int64_t TrunkConfig::stride() const {
  constexpr size_t kMostHalvings = 32;  // leaves one pixel of any image
  const size_t later = layers.empty() ? 0 : layers.size() - 1;
  return int64_t{4} << std::min(later, kMostHalvings);
}

// With SAME padding each halving rounds up, and so does all of them at once.
Extent VitConfig::features() const {
  const int64_t stride = trunk ? trunk->stride() : 1;
  return {(image.height + stride - 1) / stride, (image.width + stride - 1) / stride};
}

// Where the trunk rounded up, its last patches would end beyond the image: all are a bit smaller.
Extent VitConfig::pitch() const {
  const int64_t stride = trunk ? trunk->stride() : 1;
  return {std::min(stride * patch.height, image.height / grid().height),
          std::min(stride * patch.width, image.width / grid().width)};
}

void VitConfig::check(config::Problems& problems) const {
  const bool fits = features().height >= patch.height && features().width >= patch.width;
  problems.require(fits, "patch",
                   "must not be larger than the " +
                       std::string(trunk ? "trunk's features" : "image") + " (" +
                       to_string(features()) + ")");
  problems.require(!trunk || divides_into_groups(widened(kStemChannels, trunk->width)),
                   "trunk.width",
                   "must make the stem's 64 channels a multiple of 32, the groups of the norms");
  problems.require(heads <= 0 || width % heads == 0, "heads",
                   "must divide the width (" + std::to_string(width) + ")");
  problems.require(!distilled || pooling == Pooling::kToken, "distilled",
                   "needs pooling: token, the class token beside its own");
  problems.require(!distilled || representation_size == 0, "representation_size",
                   "must be 0 with distilled: its heads are linear");
  for (const auto& [key, rate] :
       {std::pair{"dropout", dropout}, std::pair{"attention_dropout", attention_dropout},
        std::pair{"stochastic_depth", stochastic_depth}}) {
    problems.require(rate < 1.0, key, "must be below 1");
  }
  using Kind = PositionEmbedding;
  problems.require(position_embedding != Kind::kSincos2d || (width % 4 == 0 && width >= 8),
                   "position_embedding",
                   "sincos2d needs a width that is a multiple of 4, 8 or more");
  problems.require(position_embedding != Kind::kLearned2d || width % 2 == 0, "position_embedding",
                   "learned_2d needs an even width");
  const bool is_learned =
      position_embedding == Kind::kLearned || position_embedding == Kind::kLearned2d;
  problems.require(position_placement == PositionPlacement::kStem || is_learned,
                   "position_placement",
                   "is for learned and learned_2d embeddings; leave it at stem");
}

}  // namespace vit
