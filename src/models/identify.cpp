#include "vit/models/identify.hpp"

#include "vit/models/resnet.hpp"
#include "vit/models/vision_transformer.hpp"

#include "layers/resnet_trunk.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

namespace vit {

namespace {

// The shapes of a file by name.
class Shapes {
 public:
  explicit Shapes(const NamedTensors& tensors) {
    for (const NamedTensor& entry : tensors) sizes_.emplace(entry.name, entry.tensor.sizes());
  }

  bool has(const std::string& name) const { return sizes_.contains(name); }

  // 0 when there is no such tensor or dimension.
  int64_t size(const std::string& name, size_t dimension) const {
    const auto found = sizes_.find(name);
    return found == sizes_.end() || found->second.size() <= dimension ? 0
                                                                      : found->second[dimension];
  }

  // How many of prefix0suffix, prefix1suffix, ... there are, without a gap.
  int64_t count(const std::string& prefix, const std::string& suffix) const {
    int64_t count = 0;
    while (has(prefix + std::to_string(count) + suffix)) ++count;
    return count;
  }

 private:
  std::unordered_map<std::string, at::IntArrayRef> sizes_;
};

constexpr size_t kMostStages = 8;  // published networks have four

std::vector<int64_t> units_per_stage(const Shapes& shapes, const std::string& prefix) {
  std::vector<int64_t> layers;
  while (true) {
    const std::string stage = prefix + "stages." + std::to_string(layers.size()) + ".blocks.";
    const int64_t units = shapes.count(stage, ".conv1.weight");
    if (units == 0 || layers.size() == kMostStages) return layers;
    layers.push_back(units);
  }
}

double width_factor(int64_t stem_channels) {
  return static_cast<double>(stem_channels) / static_cast<double>(kStemChannels);
}

std::optional<TrunkConfig> trunk_of(const Shapes& shapes) {
  const std::string prefix = "patch_embed.backbone.";
  if (shapes.has(prefix + "conv.weight"))
    return TrunkConfig{{}, width_factor(shapes.size(prefix + "conv.weight", 0))};
  if (!shapes.has(prefix + "stem.conv.weight")) return std::nullopt;
  return TrunkConfig{units_per_stage(shapes, prefix),
                     width_factor(shapes.size(prefix + "stem.conv.weight", 0))};
}

// The smallest image whose patches make a square grid of that side.
Extent image_for(const VitConfig& config, int64_t side) {
  const int64_t stride = config.trunk ? config.trunk->stride() : 1;
  return {side * config.patch.height * stride, side * config.patch.width * stride};
}

// What networks of the same dimensions may differ in.
void follow_variant(VitConfig& config, const Shapes& shapes) {
  config.distilled = shapes.has("dist_token");
  const bool is_scaled = shapes.has("blocks.0.ls1.gamma");
  const int64_t leading = (shapes.has("cls_token") ? 1 : 0) + (config.distilled ? 1 : 0);
  const int64_t entries = shapes.size("pos_embed", 1);
  // A class token without a place comes with layer scale (DeiT-III). A square number of entries is
  // no proof: 4x6 patches and a class token are 25 entries, too.
  config.class_token_position = leading == 0 || !is_scaled || square_side(entries) == 0 ||
                                square_side(entries - leading) != 0;
  const int64_t side = square_side(entries - (config.class_token_position ? leading : 0));
  if (side > 0 && config.grid().area() != side * side) config.image = image_for(config, side);

  if (shapes.has("attn_pool.latent")) {
    config.pooling = Pooling::kAttention;
  } else if (shapes.has("fc_norm.weight")) {
    config.pooling = Pooling::kMeanFcNorm;
  } else if (leading > 0) {
    config.pooling = Pooling::kToken;
  } else {
    config.pooling = Pooling::kMean;
  }
  config.representation_size = shapes.size("pre_logits.fc.weight", 0);
  if (is_scaled != (config.layer_scale != 0)) config.layer_scale = is_scaled ? 1e-6 : 0;
}

void follow_positions(VitConfig& config, const Shapes& shapes) {
  const std::string first = "blocks.0.";
  const bool every = shapes.has(first + "pos_embed") || shapes.has(first + "pos_embed_x");
  if (every) config.position_placement = PositionPlacement::kEveryLayer;
  if (shapes.has("pos_embed_x") || shapes.has(first + "pos_embed_x")) {
    config.position_embedding = PositionEmbedding::kLearned2d;
    const std::string place = every ? first : "";
    const Extent grid{shapes.size(place + "pos_embed_y", 1), shapes.size(place + "pos_embed_x", 1)};
    const Extent cell = image_for(config, 1);
    config.image = {grid.height * cell.height, grid.width * cell.width};
  } else if (shapes.has(first + "attn.rel_pos")) {
    config.position_embedding = PositionEmbedding::kRelative;
  }
}

int64_t usual_heads(int64_t width) { return width % 64 == 0 ? width / 64 : 1; }

std::optional<VitConfig> vit_of(const Shapes& shapes) {
  const std::string projection = "patch_embed.proj.weight";
  const bool has_patches = shapes.size(projection, 0) > 0 && shapes.size(projection, 2) > 0 &&
                           shapes.size(projection, 3) > 0;
  const bool has_blocks =
      shapes.has("blocks.0.norm1.weight") && shapes.size("blocks.0.mlp.fc1.weight", 0) > 0;
  if (!has_patches || !has_blocks) return std::nullopt;
  VitConfig config;
  config.patch = {shapes.size(projection, 2), shapes.size(projection, 3)};
  config.width = shapes.size(projection, 0);
  config.depth = shapes.count("blocks.", ".norm1.weight");
  config.heads = usual_heads(config.width);
  config.mlp = shapes.size("blocks.0.mlp.fc1.weight", 0);
  config.trunk = trunk_of(shapes);
  config.image = image_for(config, 1);
  follow_positions(config, shapes);
  follow_variant(config, shapes);
  return config;
}

std::optional<ResNetConfig> resnet_of(const Shapes& shapes) {
  const int64_t stem = shapes.size("stem.conv.weight", 0);
  ResNetConfig config;
  config.layers = units_per_stage(shapes, "");
  if (stem == 0 || config.layers.empty()) return std::nullopt;
  config.width = width_factor(stem);
  config.channels.clear();
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const std::string name = "stages." + std::to_string(i) + ".blocks.0.conv3.weight";
    config.channels.push_back(
        std::llround(static_cast<double>(shapes.size(name, 0)) / config.width));
  }
  if (shapes.has("stem.norm.weight")) config.unit = ResNetUnit::kPostActivation;
  return config;
}

bool same(const std::optional<TrunkConfig>& a, const std::optional<TrunkConfig>& b) {
  return a.has_value() == b.has_value() && (!a || (a->layers == b->layers && a->width == b->width));
}

enum class Fit { kNo, kDimensions, kExact };

Fit fit(const VitConfig& preset, const VitConfig& found) {
  const bool same_dimensions = preset.width == found.width && preset.depth == found.depth &&
                               preset.mlp_width() == found.mlp && preset.patch == found.patch &&
                               same(preset.trunk, found.trunk);
  if (!same_dimensions) return Fit::kNo;
  const bool same_variant = preset.grid() == found.grid() && preset.pooling == found.pooling &&
                            preset.distilled == found.distilled &&
                            preset.position_embedding == found.position_embedding &&
                            preset.class_token_position == found.class_token_position &&
                            (preset.layer_scale != 0) == (found.layer_scale != 0);
  return same_variant ? Fit::kExact : Fit::kDimensions;
}

Fit fit(const ResNetConfig& preset, const ResNetConfig& found) {
  const bool is_same =
      preset.layers == found.layers && preset.width == found.width && preset.unit == found.unit &&
      std::ranges::equal(
          found.channels,
          std::span(preset.channels).first(std::min(preset.channels.size(), found.layers.size())));
  return is_same ? Fit::kExact : Fit::kNo;
}

// The network of some tensors, in the one family they can be of.
struct Found {
  explicit Found(const Shapes& shapes) : vit(vit_of(shapes)) {
    if (!vit) resnet = resnet_of(shapes);
  }
  std::optional<VitConfig> vit;
  std::optional<ResNetConfig> resnet;
};

Fit fit(const ModelSection& preset, const Found& found) {
  const auto* vit = preset.as<VitConfig>();
  if (vit != nullptr && found.vit) return fit(*vit, *found.vit);
  const auto* resnet = preset.as<ResNetConfig>();
  if (resnet != nullptr && found.resnet) return fit(*resnet, *found.resnet);
  return Fit::kNo;
}

}  // namespace

std::vector<std::string> presets_that_fit(const NamedTensors& tensors) {
  const Found found{Shapes(tensors)};
  std::vector<std::string> exact, similar;
  for (const std::string& name : Models::catalog().names()) {
    if (!Models::catalog().is_preset(name)) continue;
    switch (fit(ModelSection(name), found)) {
      case Fit::kExact:
        exact.push_back(name);
        break;
      case Fit::kDimensions:
        similar.push_back(name);
        break;
      case Fit::kNo:
        break;
    }
  }
  return exact.empty() ? similar : exact;
}

ModelSection section_of(const NamedTensors& tensors, int64_t heads) {
  Found found{Shapes(tensors)};
  config::Problems problems;
  if (found.vit) {
    if (heads > 0) found.vit->heads = heads;
    found.vit->check(problems);
    if (problems.empty()) return {"vit", std::move(*found.vit)};
  } else if (found.resnet) {
    found.resnet->check(problems);
    if (problems.empty()) return {"bit", std::move(*found.resnet)};
  }
  return {};
}

void follow_tensors(ModelSection& section, const NamedTensors& tensors) {
  if (auto* vit = section.mutate<VitConfig>()) follow_variant(*vit, Shapes(tensors));
}

void use_new_head(ModelSection& section) {
  if (auto* vit = section.mutate<VitConfig>()) {
    vit->representation_size = 0;
    vit->head_zero_init = true;
    vit->head_bias = 0;
  } else if (auto* resnet = section.mutate<ResNetConfig>()) {
    resnet->head_zero_init = true;
    resnet->head_bias = 0;
  }
}

bool is_all_zero(const at::Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return false;
  return tensor.to(at::kFloat).count_nonzero().item<int64_t>() == 0;
}

int64_t classes_of(const NamedTensors& tensors) {
  const Shapes shapes(tensors);
  return std::max(shapes.size("head.weight", 0), shapes.size("head.fc.weight", 0));
}

int64_t channels_of(const NamedTensors& tensors) {
  const Shapes shapes(tensors);
  for (const char* name :
       {"patch_embed.backbone.stem.conv.weight", "patch_embed.backbone.conv.weight",
        "stem.conv.weight", "patch_embed.proj.weight"}) {
    if (shapes.has(name)) return shapes.size(name, 1);
  }
  return 3;
}

}  // namespace vit
