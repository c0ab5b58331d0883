// The Vision Transformer where reference networks do not reach: odd sizes, heads left out, taps,
// storage, settings that clash.
#include "vit/core/error.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "models/layers/patch_embed.hpp"
#include "models/layers/position_embedding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

VitConfig tiny() {
  return {.image = square(12),
          .patch = square(4),
          .width = 16,
          .depth = 2,
          .heads = 4,
          .mlp = 32,
          .head_zero_init = false};
}

TEST(PatchEmbed, IsTheConvolution) {
  for (const auto& [image, patch] :
       {std::pair{Extent{12, 20}, Extent{4, 5}}, {Extent{13, 22}, Extent{4, 5}}}) {
    ParameterList list;
    const PatchEmbed embed(
        Scope(list),
        {.channels = 3, .image = image, .patch = patch, .width = 6, .trunk = {}, .numerics = {}});
    EXPECT_EQ(embed.grid(), (Extent{3, 4}));  // pixels beyond the last whole patch are left out
    const at::Tensor images = at::randn({2, 3, image.height, image.width});
    const at::Tensor expected =
        at::conv2d(images, *find_tensor(list.parameters, "proj.weight"),
                   *find_tensor(list.parameters, "proj.bias"), {patch.height, patch.width});
    EXPECT_LE(distance(embed(images, nullptr), expected.flatten(2).transpose(1, 2)), 1e-5);
  }
}

TEST(SincosPositionEmbedding, HasColumnsFirstAndAZeroPrefix) {
  const at::Tensor embedding = sincos_position_embedding({2, 3}, 8, 1);
  ASSERT_EQ(embedding.sizes(), at::IntArrayRef({1, 7, 8}));
  EXPECT_EQ(max_abs(embedding[0][0]), 0.0);
  const at::Tensor last = embedding[0][6];  // row 1, column 2; frequencies 1 and 1e-4
  const std::vector<double> expected = {std::sin(2.0),  std::sin(2e-4), std::cos(2.0),
                                        std::cos(2e-4), std::sin(1.0),  std::sin(1e-4),
                                        std::cos(1.0),  std::cos(1e-4)};
  EXPECT_LE(distance(last, at::tensor(expected)), 1e-6);
}

TEST(VisionTransformer, ShowsAttentionAndStages) {
  VitConfig config = tiny();
  config.representation_size = 5;
  const auto model = build_vision_transformer(config, {.classes = 3, .channels = 2});
  KeepTaps taps;
  const at::Tensor images = at::randn({2, 2, 12, 12});
  const at::Tensor shown = model->forward(images, Mode::kEval, &taps);
  std::vector<std::string> names;
  for (const auto& [name, value] : taps.values) names.push_back(name);
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("patch_embed", "embed", "block0", "block1", "attn0",
                                            "attn1", "norm", "pooled", "pre_logits"));
  const at::Tensor& attention = taps.values.at("attn1");
  EXPECT_EQ(attention.sizes(), at::IntArrayRef({2, 4, 10, 10}));
  EXPECT_LE(distance(attention.sum(-1), at::ones({2, 4, 10})), 1e-6);
  EXPECT_EQ(taps.values.at("pre_logits").sizes(), at::IntArrayRef({2, 5}));
  EXPECT_LE(distance(shown, model->forward(images, Mode::kEval).detach()), 1e-6);
}

TEST(VisionTransformer, WithoutClassesReturnsThePooledRepresentation) {
  const auto model = build_vision_transformer(tiny(), {.classes = 0, .channels = 1});
  KeepTaps taps;
  const at::Tensor features = model->forward(at::randn({2, 1, 12, 12}), Mode::kEval, &taps);
  EXPECT_TRUE(at::equal(features, taps.values.at("pooled")));
  EXPECT_EQ(find_tensor(model->parameters(), "head.weight"), nullptr);
}

// The trainer moves parameters into storage of its own; the network must follow.
TEST(VisionTransformer, UsesNewStorageOfItsParameters) {
  const auto model = build_vision_transformer(tiny(), {.classes = 3, .channels = 1});
  const at::Tensor images = at::randn({2, 1, 12, 12});
  const at::Tensor before = model->forward(images, Mode::kEval).detach();
  for (const auto& [name, tensor] : model->parameters()) tensor.set_data(tensor.detach().clone());
  EXPECT_TRUE(at::equal(model->forward(images, Mode::kEval), before));
  for (const auto& [name, tensor] : model->parameters()) tensor.set_data(at::zeros_like(tensor));
  EXPECT_EQ(max_abs(model->forward(images, Mode::kEval).detach()), 0.0);
}

TEST(VisionTransformer, FixedPositionEmbeddingIsABuffer) {
  VitConfig config = tiny();
  config.position_embedding = PositionEmbedding::kSincos2d;
  const auto model = build_vision_transformer(config, {.classes = 3, .channels = 1});
  EXPECT_EQ(find_tensor(model->parameters(), "pos_embed"), nullptr);
  ASSERT_NE(find_tensor(model->buffers(), "pos_embed"), nullptr);
  EXPECT_EQ(find_tensor(model->buffers(), "pos_embed")->sizes(), at::IntArrayRef({1, 10, 16}));
}

TEST(VisionTransformer, RefusesImagesOfAnotherSize) {
  const auto model = build_vision_transformer(tiny(), {.classes = 3, .channels = 1});
  EXPECT_THROW(model->forward(at::zeros({2, 1, 16, 16}), Mode::kEval), Error);
  EXPECT_THROW(model->forward(at::zeros({2, 3, 12, 12}), Mode::kEval), Error);
}

TEST(MoveTo, KeepsTheTensorObjects) {
  const auto model = build_vision_transformer(tiny(), {.classes = 3, .channels = 1});
  const at::Tensor weight = *find_tensor(model->parameters(), "head.weight");
  move_to(*model, at::kCPU);
  EXPECT_TRUE(find_tensor(model->parameters(), "head.weight")->is_same(weight));
}

std::string problem_of(const VitConfig& config) {
  config::Problems problems;
  config.check(problems);
  return problems.empty() ? "" : problems.text();
}

TEST(VitConfig, ChecksHowSettingsFitTogether) {
  EXPECT_EQ(problem_of(tiny()), "");
  VitConfig config = tiny();
  config.heads = 3;
  EXPECT_THAT(problem_of(config), testing::HasSubstr("heads: must divide the width (16)"));
  config = tiny();
  config.patch = {16, 4};
  EXPECT_THAT(problem_of(config),
              testing::HasSubstr("patch: must not be larger than the image (12)"));
  config = tiny();
  config.width = 18;
  config.heads = 2;
  config.position_embedding = PositionEmbedding::kSincos2d;
  EXPECT_THAT(problem_of(config), testing::HasSubstr("multiple of 4"));
  config = tiny();
  config.stochastic_depth = 1;
  EXPECT_THAT(problem_of(config), testing::HasSubstr("stochastic_depth: must be below 1"));
}

}  // namespace
}  // namespace vit::test
