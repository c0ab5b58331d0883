// Layers of timm's param_groups_layer_decay, counted by hand.
#include "vit/optim/layer_decay.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace vit {
namespace {

using Expected = std::vector<std::pair<std::string, int64_t>>;

NamedTensors names_of(const Expected& expected) {
  NamedTensors all;
  for (const auto& [name, layer] : expected) all.push_back({name, at::zeros({1})});
  return all;
}

void expect_layers(const Expected& expected) {
  const std::vector<int64_t> layers = layers_of(names_of(expected));
  ASSERT_EQ(layers.size(), expected.size());
  for (size_t i = 0; i < layers.size(); ++i)
    EXPECT_EQ(layers[i], expected[i].second) << expected[i].first;
}

TEST(LayerDecay, a_transformer_has_its_blocks_between_embeddings_and_head) {
  expect_layers({{"cls_token", 0},
                 {"pos_embed", 0},
                 {"dist_token", 0},
                 {"patch_embed.proj.weight", 0},
                 {"blocks.0.norm1.weight", 1},
                 {"blocks.0.attn.qkv.weight", 1},
                 {"blocks.1.attn.qkv.weight", 2},
                 {"blocks.10.attn.qkv.weight", 3},
                 {"norm.weight", 3},
                 {"norm.bias", 3},
                 {"head.weight", 4},
                 {"head_dist.bias", 4}});
}

TEST(LayerDecay, what_follows_the_blocks_is_the_head) {
  expect_layers({{"patch_embed.backbone.stages.0.blocks.0.conv1.weight", 0},
                 {"blocks.0.attn.qkv.weight", 1},
                 {"fc_norm.weight", 2},
                 {"attn_pool.latent", 2},
                 {"attn_pool.norm.weight", 2},
                 {"pre_logits.fc.weight", 2},
                 {"head.weight", 2}});
}

TEST(LayerDecay, a_resnet_counts_its_units_through_all_stages) {
  expect_layers({{"stem.conv.weight", 0},
                 {"stages.0.blocks.0.norm1.weight", 1},
                 {"stages.0.blocks.0.downsample.conv.weight", 1},
                 {"stages.0.blocks.1.conv1.weight", 2},
                 {"stages.1.blocks.0.conv1.weight", 3},
                 {"norm.weight", 3},
                 {"head.fc.weight", 4}});
}

TEST(LayerDecay, rates_are_powers_times_what_the_rules_say) {
  const NamedTensors parameters = names_of({{"pos_embed", 0},
                                            {"blocks.0.mlp.fc1.weight", 1},
                                            {"blocks.1.mlp.fc1.weight", 2},
                                            {"norm.weight", 2},
                                            {"head.weight", 3}});
  std::vector<ParameterTraits> traits(5);
  traits[2] = {.decay = 0, .lr_scale = 10};
  traits[4].lr_scale = 2;
  decay_layers(0.65, parameters, traits);
  const double expected[] = {0.274625, 0.4225, 6.5, 0.65, 2};
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(traits[i].lr_scale, expected[i], 1e-12);
  EXPECT_EQ(traits[2].decay, 0);
}

TEST(LayerDecay, one_is_no_decay_whatever_the_names) {
  std::vector<ParameterTraits> traits(1);
  decay_layers(1, names_of({{"weight", 0}}), traits);
  EXPECT_EQ(traits[0], ParameterTraits{});
}

TEST(LayerDecay, a_model_without_layers_is_a_matter_of_the_configuration) {
  std::vector<ParameterTraits> traits(1);
  EXPECT_THROW(decay_layers(0.5, names_of({{"norm.weight", 0}}), traits), ConfigError);
}

}  // namespace
}  // namespace vit
