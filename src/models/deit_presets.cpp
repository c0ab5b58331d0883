// DeiT (Touvron et al. 2021), its distilled form with a second token, and DeiT-III (Touvron et al.
// 2022) with layer scale and a class token without position. ImageNet's mean and deviation.
#include "families.hpp"
#include "vit_sizes.hpp"

#include <fmt/format.h>

namespace vit {

namespace {

enum class Kind { kPlain, kDistilled, kThird };

struct Preset {
  const char* name;
  const char* paper;  // "" where the paper has no name for it
  const char* timm;
  Kind kind;
  VitSize size;
  int64_t patch, image;
};

constexpr Preset kPresets[] = {
    {"deit_ti16", "DeiT-Ti/16", "deit_tiny_patch16_224", Kind::kPlain, kTiny, 16, 224},
    {"deit_s16", "DeiT-S/16", "deit_small_patch16_224", Kind::kPlain, kSmall, 16, 224},
    {"deit_b16", "DeiT-B/16", "deit_base_patch16_224", Kind::kPlain, kBase, 16, 224},
    {"deit_b16_384", "", "deit_base_patch16_384", Kind::kPlain, kBase, 16, 384},
    {"deit_ti16_distilled", "", "deit_tiny_distilled_patch16_224", Kind::kDistilled, kTiny, 16,
     224},
    {"deit_s16_distilled", "", "deit_small_distilled_patch16_224", Kind::kDistilled, kSmall, 16,
     224},
    {"deit_b16_distilled", "", "deit_base_distilled_patch16_224", Kind::kDistilled, kBase, 16, 224},
    {"deit_b16_distilled_384", "", "deit_base_distilled_patch16_384", Kind::kDistilled, kBase, 16,
     384},
    {"deit3_s16", "DeiT-III-S/16", "deit3_small_patch16_224", Kind::kThird, kSmall, 16, 224},
    {"deit3_s16_384", "", "deit3_small_patch16_384", Kind::kThird, kSmall, 16, 384},
    {"deit3_m16", "DeiT-III-M/16", "deit3_medium_patch16_224", Kind::kThird, kMedium, 16, 224},
    {"deit3_b16", "DeiT-III-B/16", "deit3_base_patch16_224", Kind::kThird, kBase, 16, 224},
    {"deit3_b16_384", "", "deit3_base_patch16_384", Kind::kThird, kBase, 16, 384},
    {"deit3_l16", "DeiT-III-L/16", "deit3_large_patch16_224", Kind::kThird, kLarge, 16, 224},
    {"deit3_l16_384", "", "deit3_large_patch16_384", Kind::kThird, kLarge, 16, 384},
    {"deit3_h14", "DeiT-III-H/14", "deit3_huge_patch14_224", Kind::kThird, kHuge, 14, 224},
};

VitConfig config_of(const Preset& preset) {
  VitConfig config{.image = square(preset.image),
                   .patch = square(preset.patch),
                   .width = preset.size.width,
                   .depth = preset.size.depth,
                   .heads = preset.size.heads,
                   .mlp = preset.size.mlp};
  config.distilled = preset.kind == Kind::kDistilled;
  if (preset.kind == Kind::kThird) {
    config.class_token_position = false;
    config.layer_scale = 1e-6;
  }
  return config;
}

const char* trait_of(Kind kind) {
  switch (kind) {
    case Kind::kPlain:
      return "";
    case Kind::kDistilled:
      return ", distillation token";
    case Kind::kThird:
      break;
  }
  return ", layer scale";
}

}  // namespace

void add_deit(VitEntry& vit, PresetInputs& inputs) {
  for (const Preset& preset : kPresets) {
    vit.preset(preset.name, config_of(preset),
               fmt::format("width {}, depth {}, patch {}, {} px{}", preset.size.width,
                           preset.size.depth, preset.patch, preset.image, trait_of(preset.kind)));
    for (const char* alias : {preset.paper, preset.timm}) {
      if (*alias != '\0') vit.alias(alias);
    }
    inputs[preset.name] =
        published_input(preset.image == 384 ? Input::kImageNet384 : Input::kImageNet224);
  }
}

}  // namespace vit
