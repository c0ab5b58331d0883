// Configuration of the ResNets of Big Transfer (Kolesnikov et al. 2020): entry `bit` of the model
// catalogue and its presets. Group norm instead of batch norm, standardised convolution weights,
// bottleneck units.
#pragma once

#include "vit/config/problems.hpp"
#include "vit/config/schema.hpp"
#include "vit/core/extent.hpp"
#include "vit/models/numerics.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

// Where a unit normalises.
enum class ResNetUnit {
  kPreActivation,   // before each convolution (ResNet V2): the published BiT weights
  kPostActivation,  // after each convolution (ResNet V1): the ViT paper's ResNets and hybrids
};
constexpr auto enum_names(ResNetUnit) {
  return std::array{std::pair{"preactivation", ResNetUnit::kPreActivation},
                    std::pair{"postactivation", ResNetUnit::kPostActivation}};
}

struct ResNetConfig {
  Extent image = square(224);
  std::vector<int64_t> layers = {3, 4, 6, 3};
  std::vector<int64_t> channels = {256, 512, 1024, 2048};
  double width = 1;
  ResNetUnit unit = ResNetUnit::kPreActivation;
  bool head_zero_init = true;
  double head_bias = 0;
  Numerics numerics = Numerics::kTimm;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ResNetConfig::image>("Input size in pixels.", positive),
        field<&ResNetConfig::layers>("Units per stage: [3, 4, 6, 3] is ResNet-50.", positive,
                                     not_empty),
        field<&ResNetConfig::channels>("Output channels of each stage at width 1; the first "
                                       "entries count when there are fewer "
                                       "stages.",
                                       positive, not_empty),
        field<&ResNetConfig::width>("Factor on all channels, the stem's 64 included.", positive),
        field<&ResNetConfig::unit>(
            "preactivation (ResNet V2, the published BiT weights) or postactivation (ResNet V1, "
            "the ResNets of the ViT paper)."),
        field<&ResNetConfig::head_zero_init>(
            "Start the head at zero, as the paper's code does; false: LeCun normal."),
        field<&ResNetConfig::head_bias>("Start value of the head's bias."),
        field<&ResNetConfig::numerics>(
            "Epsilons of norms and weight standardisation: timm's, or jax (the original code's).")};
  }

  void check(config::Problems& problems) const;  // every channel count divides into 32 groups
};

}  // namespace vit
