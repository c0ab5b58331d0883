// What is read out of a network, against the reference values of inspect.safetensors (README there
// says how they were made) and against what can be known without one.
#include "vit/runtime/precision.hpp"

#include "models/golden_model.hpp"
#include "support/golden.hpp"
#include "train/inside/attention.hpp"
#include "train/inside/weights.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace vit::test {
namespace {

constexpr double kTolerance = 1e-5, kPixels = 1e-3, kComponents = 1e-3;

// The small network of the golden file with its weights, and one pass over its images.
class Inside : public testing::Test {
 protected:
  void SetUp() override {
    config_.image = square(48);
    config_.patch = square(8);
    config_.width = 32;
    config_.depth = 3;
    config_.heads = 4;
    config_.mlp = 64;
    model_ = ModelSection("vit", config_).build({.classes = 5});
    load_weights(*model_, import_weights(below(file_, "param/"), "golden", {}),
                 {.head = HeadPolicy::kKeep});
  }

  AttentionReader read_images() const {
    const NoGrad no_grad;
    AttentionReader reader(places_of(config_));
    const at::Tensor logits = model_->forward(file_.tensor("input"), Mode::kEval, &reader);
    EXPECT_LE(distance(logits, file_.tensor("logits")), kLogitsTolerance);
    return reader;
  }

  const TensorFile file_{golden_dir() / "inspect.safetensors"};
  VitConfig config_;
  std::unique_ptr<Model> model_;
};

TEST_F(Inside, AttentionDistanceEqualsTheReference) {
  const AttentionReader reader = read_images();
  const at::Tensor per_image = at::stack(reader.distances());  // [L, B, H]
  EXPECT_LE(distance(per_image, file_.tensor("distance/per_image_not_renormalised")), kPixels);
  EXPECT_LE(distance(per_image.mean(1), file_.tensor("distance/patches_only_not_renormalised")),
            kPixels);
  EXPECT_LE(distance(at::stack(reader.renormalised_distances()).mean(1),
                     file_.tensor("distance/patches_only_renormalised")),
            kPixels);
  EXPECT_LE(distance(patch_distances(places_of(config_)), file_.tensor("distance/matrix_px")),
            kPixels);
}

TEST_F(Inside, RolloutEqualsTheReference) {
  at::Tensor joint;
  for (int layer = 0; layer < 3; ++layer)
    joint = rolled_out(joint, file_.tensor("attention/block" + std::to_string(layer)));
  EXPECT_LE(distance(joint, file_.tensor("rollout/joint")), kTolerance);
  const TokenPlaces places = places_of(config_);
  EXPECT_LE(distance(viewed_patches(joint, places), file_.tensor("rollout/cls_grid")), kTolerance);
  EXPECT_LE(distance(read_images().rollout(), file_.tensor("rollout/cls_grid_div_max")),
            kTolerance);
}

// The reader works in fp32 in a pass that does not, and probabilities come to it unrounded: what
// is left is the rounding of the pass itself. In bfloat16 a row of 37 would miss 1 by 1e-3.
TEST_F(Inside, IsExactInAPassInBfloat16) {
  const NoGrad no_grad;
  const AutocastGuard autocast(at::kCPU, Precision::kBf16);
  struct Sums : Taps {
    void see(const std::string& name, const at::Tensor& value) override {
      if (name.starts_with("attn"))
        worst = std::max(worst, max_abs(value.to(at::kDouble).sum(-1) - 1));
    }
    double worst = 0;
  } sums;
  model_->forward(file_.tensor("input"), Mode::kEval, &sums);
  EXPECT_LE(sums.worst, 1e-5);

  AttentionReader reader(places_of(config_));
  const at::Tensor attention = file_.tensor("attention/block0");
  reader.see("attn0", attention.to(at::kBFloat16));
  reader.see("attn1", attention);
  for (const auto* tensors :
       {&reader.distances(), &reader.renormalised_distances(), &reader.maps()}) {
    for (const at::Tensor& tensor : *tensors) EXPECT_EQ(tensor.scalar_type(), at::kFloat);
  }
  reader.start();
  for (int layer = 0; layer < 3; ++layer)
    reader.see("attn" + std::to_string(layer),
               file_.tensor("attention/block" + std::to_string(layer)));
  EXPECT_LE(distance(reader.rollout(), file_.tensor("rollout/cls_grid_div_max")), kTolerance);
}

TEST_F(Inside, MapsAreTheRowsOfTheClassToken) {
  const AttentionReader reader = read_images();
  ASSERT_EQ(reader.maps().size(), 3U);
  for (size_t layer = 0; layer < 3; ++layer) {
    const at::Tensor expected = file_.tensor("attention/block" + std::to_string(layer))
                                    .select(2, 0)
                                    .slice(2, 1)
                                    .reshape({3, 4, 6, 6});
    EXPECT_LE(distance(reader.maps()[layer], expected), kTolerance) << layer;
  }
}

TEST_F(Inside, SimilarityOfPositionsEqualsTheReference) {
  const auto found = position_embeddings(*model_, square(6));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "pos_embed");
  EXPECT_LE(distance(position_similarity(found->table, square(6)),
                     file_.tensor("posemb/cosine_similarity")),
            kTolerance);
}

TEST_F(Inside, ComponentsOfFiltersEqualTheReference) {
  const auto filters = first_filters(*model_);
  ASSERT_TRUE(filters);
  const FilterComponents found = principal_components(filters->weight, 28);
  const auto rows_last = [](const at::Tensor& t) { return t.movedim(-3, -1); };  // [.., p, q, C]
  EXPECT_LE(distance(rows_last(found.components), file_.tensor("pca/components_sign_fixed")),
            kComponents);
  EXPECT_LE(distance(rows_last(found.mean), file_.tensor("pca/mean")), kTolerance);
  const at::Tensor values = file_.tensor("pca/singular_values");
  EXPECT_LE(max_abs((found.singular_values - values) / values), 1e-4);
  EXPECT_LE(distance(found.explained, file_.tensor("pca/explained_variance_ratio")), kTolerance);
}

// The known distance of attention to all patches alike: 116.49 pixels on 14 x 14 patches of 16.
TEST(AttentionDistance, OfUniformAndOfNoMovement) {
  const TokenPlaces places{.leading = 2, .grid = square(14), .pitch = square(16)};
  const int64_t tokens = places.tokens();
  const at::Tensor uniform = at::full({1, 1, tokens, tokens}, 1.0 / 196);
  EXPECT_NEAR(attention_distance(uniform, places, PatchWeights::kAsGiven).item<double>(),
              116.49222709, kPixels);
  const at::Tensor half = uniform / 2;
  EXPECT_NEAR(attention_distance(half, places, PatchWeights::kAsGiven).item<double>(),
              116.49222709 / 2, kPixels);
  EXPECT_NEAR(attention_distance(half, places, PatchWeights::kRenormalised).item<double>(),
              116.49222709, kPixels);
  const at::Tensor identity = at::eye(tokens).view({1, 1, tokens, tokens});
  EXPECT_EQ(attention_distance(identity, places, PatchWeights::kAsGiven).item<double>(), 0);
}

TEST(AttentionDistance, MeasuresRowsAndColumnsApart) {
  const TokenPlaces places{.leading = 0, .grid = {2, 3}, .pitch = {10, 4}};
  const at::Tensor distances = patch_distances(places);
  EXPECT_FLOAT_EQ(distances[0][2].item<float>(), 8);
  EXPECT_FLOAT_EQ(distances[0][3].item<float>(), 10);
  EXPECT_FLOAT_EQ(distances[5][0].item<float>(), static_cast<float>(std::sqrt(164.0)));
}

TEST(Places, FollowTheTokensOfTheNetwork) {
  VitConfig config;
  config.distilled = true;
  EXPECT_EQ(places_of(config).leading, 2);
  EXPECT_EQ(places_of(config).viewer, Viewer::kClassToken);
  config = {};
  config.pooling = Pooling::kMeanFcNorm;  // the class token is there, but nobody reads it
  EXPECT_EQ(places_of(config).leading, 1);
  EXPECT_EQ(places_of(config).viewer, Viewer::kPatches);
  config.pooling = Pooling::kMean;
  EXPECT_EQ(places_of(config).leading, 0);
  config.trunk = TrunkConfig{};  // stride 16
  config.patch = square(2);
  EXPECT_EQ(places_of(config).pitch, square(32));
  EXPECT_EQ(places_of(config).grid, square(7));
}

TEST(Places, WithoutAReaderAllPatchesAreAsked) {
  const TokenPlaces places{
      .leading = 1, .grid = {1, 2}, .pitch = square(1), .viewer = Viewer::kPatches};
  const at::Tensor weights = at::arange(9, at::kFloat).view({1, 3, 3});
  const at::Tensor seen = viewed_patches(weights, places);  // rows 1 and 2, columns 1 and 2
  EXPECT_TRUE(at::equal(seen, at::tensor({5.5F, 6.5F}).view({1, 1, 2})));
}

// Rows and columns of half the width each, as the network adds them.
TEST(PositionEmbeddings, AreFoundInEveryForm) {
  VitConfig config;
  config.image = {8, 12};
  config.patch = square(4);
  config.width = 8;
  config.depth = 1;
  config.heads = 2;
  config.position_embedding = PositionEmbedding::kLearned2d;
  const auto two_d = ModelSection("vit", config).build({.classes = 2, .seed = Random(1)});
  const auto found = position_embeddings(*two_d, config.grid());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->table.sizes().vec(), (std::vector<int64_t>{6, 8}));
  const at::Tensor* x = find_tensor(two_d->parameters(), "pos_embed_x");
  const at::Tensor* y = find_tensor(two_d->parameters(), "pos_embed_y");
  EXPECT_TRUE(at::equal(found->table[5], at::cat({x->select(1, 2), y->select(1, 1)}, 1)[0]));

  config.position_embedding = PositionEmbedding::kRelative;
  EXPECT_FALSE(
      position_embeddings(*ModelSection("vit", config).build({.classes = 2}), config.grid()));
  config.position_embedding = PositionEmbedding::kSincos2d;
  EXPECT_TRUE(
      position_embeddings(*ModelSection("vit", config).build({.classes = 2}), config.grid()));
  config.position_embedding = PositionEmbedding::kLearned;
  config.position_placement = PositionPlacement::kEveryLayer;
  const auto layers = ModelSection("vit", config).build({.classes = 2});
  EXPECT_EQ(position_embeddings(*layers, config.grid())->name, "blocks.0.pos_embed");
}

TEST(FirstFilters, AreTheStemsWhereThereIsOne) {
  const auto resnet =
      ModelSection("bit_r50x1").build({.classes = 2, .allocation = Allocation::kShapesOnly});
  EXPECT_EQ(first_filters(*resnet)->name, "stem.conv.weight");

  VitConfig config;
  config.image = square(32);
  config.patch = square(1);
  config.width = 8;
  config.depth = 1;
  config.heads = 2;
  config.trunk = TrunkConfig{.layers = {1}, .width = 0.5};
  const auto hybrid = ModelSection("vit", config).build({.classes = 2});
  const auto filters = first_filters(*hybrid);
  ASSERT_TRUE(filters);
  EXPECT_EQ(filters->name, "patch_embed.backbone.stem.conv.weight");
  EXPECT_EQ(filters->weight.size(1), 3);
  EXPECT_NEAR(filters->weight[0].mean().item<double>(), 0, 1e-5);  // standardised, as it is used
  EXPECT_NEAR(filters->weight[0].square().mean().item<double>(), 1, 1e-4);
  config.trunk->layers = {};
  EXPECT_EQ(first_filters(*ModelSection("vit", config).build({.classes = 2}))->name,
            "patch_embed.backbone.conv.weight");
}

TEST(PrincipalComponents, AreAsManyAsThereCanBe) {
  const FilterComponents few = principal_components(at::randn({3, 1, 4, 4}), 28);
  EXPECT_EQ(few.components.size(0), 3);
  EXPECT_NEAR(few.explained.sum().item<double>(), 1, 1e-6);
  for (int i = 0; i < 2; ++i) {
    const at::Tensor one = few.components[i].flatten();
    EXPECT_GT(one[one.abs().argmax()].item<double>(), 0);
  }
}

}  // namespace
}  // namespace vit::test
