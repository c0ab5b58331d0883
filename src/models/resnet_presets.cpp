// BiT ResNets: the published pre-activation networks (Kolesnikov et al. 2020) and the
// post-activation ones of the ViT paper's scaling study (Dosovitskiy et al. 2021, table 6). All at
// 224 px, the size of pre-training; published fine-tuned weights are meant for 448 px (R152x4: 480)
// without a crop.
#include "families.hpp"
#include "preset_inputs.hpp"

#include <fmt/format.h>

namespace vit {

namespace {

using Layers = std::array<int64_t, 4>;
constexpr Layers k50{3, 4, 6, 3}, k101{3, 4, 23, 3}, k152{3, 8, 36, 3}, k200{3, 24, 36, 3};

struct Preset {
  const char* size;  // "50x1": depth x width
  Layers layers;
  double width;
};

constexpr Preset kPublished[] = {{"50x1", k50, 1},   {"50x3", k50, 3},   {"101x1", k101, 1},
                                 {"101x3", k101, 3}, {"152x2", k152, 2}, {"152x4", k152, 4}};
constexpr Preset kPaper[] = {{"50x1", k50, 1},   {"50x2", k50, 2},   {"101x1", k101, 1},
                             {"152x1", k152, 1}, {"152x2", k152, 2}, {"200x3", k200, 3}};

ResNetConfig config_of(const Preset& preset, ResNetUnit unit) {
  return {
      .layers = {preset.layers.begin(), preset.layers.end()}, .width = preset.width, .unit = unit};
}

}  // namespace

void add_resnet(Models::Catalog& catalog, PresetInputs& inputs) {
  auto bit = catalog.add<ResNetConfig>(
      "bit", "ResNet with group norm and standardised weights (Kolesnikov et al. 2020).",
      build_resnet);
  for (const Preset& preset : kPublished) {
    const std::string name = fmt::format("bit_r{}", preset.size);
    bit.preset(name, config_of(preset, ResNetUnit::kPreActivation),
               fmt::format("BiT-S and BiT-M R{}, pre-activation, 224 px", preset.size));
    bit.alias(fmt::format("BiT-R{}", preset.size));
    bit.alias(fmt::format("BiT-S-R{}", preset.size));  // of the published files
    bit.alias(fmt::format("BiT-M-R{}", preset.size));
    bit.alias(fmt::format("resnetv2_{}_bit", preset.size));
    inputs[name] = published_input(Input::kBit224);
  }
  for (const Preset& preset : kPaper) {
    const std::string name = fmt::format("bit_v1_r{}", preset.size);
    bit.preset(name, config_of(preset, ResNetUnit::kPostActivation),
               fmt::format("the ViT paper's R{}, post-activation, 224 px", preset.size));
    bit.alias(fmt::format("R{}", preset.size));
    inputs[name] = published_input(Input::kBit224);
  }
}

}  // namespace vit
