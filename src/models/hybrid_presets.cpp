// Hybrids: a post-activation ResNet in front of a Transformer (Dosovitskiy et al. 2021, table 6;
// Steiner et al. 2022). Their names end in the stride of the whole: 32 with all four stages, 16
// when the units of stage 4 are moved to stage 3. That of R+ViT-Ti/16 is really 32: stem 4,
// patch 8.
#include "families.hpp"
#include "vit_sizes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace vit {

namespace {

struct Preset {
  std::string name, paper, timm;  // "" where paper or timm have no name for it
  std::vector<int64_t> layers;
  VitSize size;
  int64_t patch, image;
};

std::vector<Preset> presets() {
  const std::vector<int64_t> stem = {}, r26 = {2, 2, 2, 2}, r50 = {3, 4, 6, 3},
                             r50_short = {3, 4, 9};
  return {
      {"vit_r_ti16", "R+ViT-Ti/16", "vit_tiny_r_s16_p8_224", stem, kTiny, 8, 224},
      {"vit_r_ti16_384", "", "vit_tiny_r_s16_p8_384", stem, kTiny, 8, 384},
      {"vit_r26_s32", "R26+ViT-S/32", "vit_small_r26_s32_224", r26, kSmall, 1, 224},
      {"vit_r26_s32_384", "", "vit_small_r26_s32_384", r26, kSmall, 1, 384},
      {"vit_r26_b32", "R26+ViT-B/32", "vit_base_r26_s32_224", r26, kBase, 1, 224},
      {"vit_r50_b16", "R50+ViT-B/16", "vit_base_r50_s16_224", r50_short, kBase, 1, 224},
      {"vit_r50_b16_384", "", "vit_base_r50_s16_384", r50_short, kBase, 1, 384},
      {"vit_r50_b32", "R50+ViT-B/32", "", r50, kBase, 1, 224},
      {"vit_r50_l16", "R50+ViT-L/16", "", r50_short, kLarge, 1, 224},
      {"vit_r50_l32", "R50+ViT-L/32", "vit_large_r50_s32_224", r50, kLarge, 1, 224},
      {"vit_r50_l32_384", "", "vit_large_r50_s32_384", r50, kLarge, 1, 384},
  };
}

VitConfig config_of(const Preset& preset) {
  return {.image = square(preset.image),
          .patch = square(preset.patch),
          .width = preset.size.width,
          .depth = preset.size.depth,
          .heads = preset.size.heads,
          .mlp = preset.size.mlp,
          .trunk = TrunkConfig{.layers = preset.layers}};
}

}  // namespace

void add_hybrids(VitEntry& vit, PresetInputs& inputs) {
  for (const Preset& preset : presets()) {
    vit.preset(preset.name, config_of(preset),
               fmt::format("ResNet trunk [{}], width {}, depth {}, patch {}, {} px",
                           fmt::join(preset.layers, ", "), preset.size.width, preset.size.depth,
                           preset.patch, preset.image));
    for (const std::string& alias : {preset.paper, preset.timm}) {
      if (!alias.empty()) vit.alias(alias);
    }
    inputs[preset.name] = published_input(preset.image == 384 ? Input::kHalf384 : Input::kHalf224);
  }
}

}  // namespace vit
