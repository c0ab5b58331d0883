// The published Vision Transformers: sizes (Dosovitskiy et al. 2021, table 1; Steiner et al. 2022;
// Zhai et al. 2022), patches, resolutions and the names they have in the paper and in timm.
#include "families.hpp"
#include "vit_sizes.hpp"

namespace vit {

namespace {

struct Preset {
  const char* name;
  const char* paper;  // "" where the paper has no name for it
  const char* timm;   // "" where timm has none
  VitSize size;
  int64_t patch, image;
  Input input;
};

constexpr Preset kPresets[] = {
    {"vit_ti16", "ViT-Ti/16", "vit_tiny_patch16_224", kTiny, 16, 224, Input::kHalf224},
    {"vit_ti16_384", "", "vit_tiny_patch16_384", kTiny, 16, 384, Input::kHalf384},
    {"vit_s8", "ViT-S/8", "vit_small_patch8_224", kSmall, 8, 224, Input::kHalf224},
    {"vit_s14", "ViT-S/14", "", kSmall, 14, 224, Input::kHalf224},
    {"vit_s16", "ViT-S/16", "vit_small_patch16_224", kSmall, 16, 224, Input::kHalf224},
    {"vit_s16_384", "", "vit_small_patch16_384", kSmall, 16, 384, Input::kHalf384},
    {"vit_s32", "ViT-S/32", "vit_small_patch32_224", kSmall, 32, 224, Input::kHalf224},
    {"vit_s32_384", "", "vit_small_patch32_384", kSmall, 32, 384, Input::kHalf384},
    {"vit_m16", "ViT-M/16", "", kMedium, 16, 224, Input::kHalf224},
    {"vit_b8", "ViT-B/8", "vit_base_patch8_224", kBase, 8, 224, Input::kHalf224},
    {"vit_b14", "ViT-B/14", "", kBase, 14, 224, Input::kHalf224},
    {"vit_b16", "ViT-B/16", "vit_base_patch16_224", kBase, 16, 224, Input::kHalf224},
    {"vit_b16_384", "", "vit_base_patch16_384", kBase, 16, 384, Input::kHalf384},
    {"vit_b32", "ViT-B/32", "vit_base_patch32_224", kBase, 32, 224, Input::kHalf224},
    {"vit_b32_384", "", "vit_base_patch32_384", kBase, 32, 384, Input::kHalf384},
    {"vit_l14", "ViT-L/14", "vit_large_patch14_224", kLarge, 14, 224, Input::kHalf224},
    {"vit_l16", "ViT-L/16", "vit_large_patch16_224", kLarge, 16, 224, Input::kHalf224},
    {"vit_l16_384", "", "vit_large_patch16_384", kLarge, 16, 384, Input::kHalf384},
    {"vit_l32", "ViT-L/32", "vit_large_patch32_224", kLarge, 32, 224, Input::kHalf224},
    {"vit_l32_384", "", "vit_large_patch32_384", kLarge, 32, 384, Input::kHalf384},
    {"vit_so400m14", "ViT-So400m/14", "", kSo400m, 14, 224, Input::kHalf224},
    {"vit_h14", "ViT-H/14", "vit_huge_patch14_224", kHuge, 14, 224, Input::kHalf224},
    {"vit_h16", "ViT-H/16", "", kHuge, 16, 224, Input::kHalf224},
    {"vit_giant14", "ViT-g/14", "vit_giant_patch14_224", kGiant, 14, 224, Input::kHalf224},
    {"vit_gigantic14", "ViT-G/14", "vit_gigantic_patch14_224", kGigantic, 14, 224, Input::kHalf224},
};

std::string help_of(const Preset& preset) {
  return "width " + std::to_string(preset.size.width) + ", depth " +
         std::to_string(preset.size.depth) + ", patch " + std::to_string(preset.patch) + ", " +
         std::to_string(preset.image) + " px";
}

VitConfig config_of(const Preset& preset) {
  return {.image = square(preset.image),
          .patch = square(preset.patch),
          .width = preset.size.width,
          .depth = preset.size.depth,
          .heads = preset.size.heads,
          .mlp = preset.size.mlp};
}

}  // namespace

void add_vision_transformer(Models::Catalog& catalog, PresetInputs& inputs) {
  auto vit = catalog.add<VitConfig>("vit", "Vision Transformer (Dosovitskiy et al. 2021).",
                                    build_vision_transformer);
  for (const Preset& preset : kPresets) {
    vit.preset(preset.name, config_of(preset), help_of(preset));
    for (const char* alias : {preset.paper, preset.timm}) {
      if (*alias != '\0') vit.alias(alias);
    }
    inputs[preset.name] = published_input(preset.input);
  }
  vit.preset("vit_nano7",
             {.image = square(28),
              .patch = square(7),
              .width = 64,
              .depth = 4,
              .heads = 4,
              .mlp = 256,
              .pooling = Pooling::kMean},
             "width 64, depth 4, patch 7, 28 px: trains in minutes on one core");
  add_deit(vit, inputs);
  add_hybrids(vit, inputs);
}

}  // namespace vit
