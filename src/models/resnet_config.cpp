#include "vit/models/resnet.hpp"

#include "layers/resnet_trunk.hpp"

#include <algorithm>
#include <span>

namespace vit {

void ResNetConfig::check(config::Problems& problems) const {
  problems.require(
      layers.size() <= channels.size(), "channels",
      "must have an entry for each of the " + std::to_string(layers.size()) + " stages");
  const auto used = std::span(channels).first(std::min(layers.size(), channels.size()));
  const bool is_grouped = std::ranges::all_of(used, [&](int64_t stage) {
    const int64_t out = widened(stage, width);
    return out % kBottleneck == 0 && divides_into_groups(out / kBottleneck);
  });
  problems.require(is_grouped, "channels",
                   "times the width must be multiples of 128: units have a quarter of them inside, "
                   "in the 32 groups of the norms");
  problems.require(divides_into_groups(widened(kStemChannels, width)), "width",
                   "must make the stem's 64 channels a multiple of 32, the groups of the norms");
  const int64_t stride = int64_t{2} << layers.size();
  problems.require(image.height >= stride && image.width >= stride, "image",
                   "must not be smaller than the network's stride, " + std::to_string(stride));
}

}  // namespace vit
