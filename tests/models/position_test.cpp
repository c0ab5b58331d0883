// The position embeddings of the paper's ablation (D.4): what each kind knows of places, and where
// it is added.
#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "models/layers/attention.hpp"
#include "models/layers/position_embedding.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

VitConfig tiny(PositionEmbedding kind, PositionPlacement placement = PositionPlacement::kStem) {
  return {.image = {8, 12},
          .patch = square(4),
          .width = 16,
          .depth = 2,
          .heads = 2,
          .mlp = 24,
          .position_embedding = kind,
          .position_placement = placement,
          .head_zero_init = false};
}

std::unique_ptr<Model> built(const VitConfig& config) {
  auto model = build_vision_transformer(config, {.classes = 5, .seed = Random(3)});
  const NoGrad no_gradients;
  // Large enough to be seen in the logits.
  for (const auto& [name, tensor] : model->parameters()) {
    if (name.find("pos") != name.npos) tensor.mul_(50);
  }
  return model;
}

at::Tensor logits(const Model& model, const at::Tensor& images) {
  const NoGrad no_gradients;
  return model.forward(images, Mode::kEval);
}

// The images with their patches (2 x 3 of 4 x 4 pixels) mirrored as a grid, each patch as it was.
at::Tensor patches_moved(const at::Tensor& images) {
  return images.unflatten(3, {3, 4}).unflatten(2, {2, 4}).flip({2, 4}).flatten(4, 5).flatten(2, 3);
}

double sensitivity_to_places(const VitConfig& config) {
  const auto model = built(config);
  const at::Tensor images = at::randn({4, 3, 8, 12});
  return distance(logits(*model, images), logits(*model, patches_moved(images)));
}

TEST(PositionEmbeddings, OnlyNoneIsBlindToPlaces) {
  using Kind = PositionEmbedding;
  EXPECT_LE(sensitivity_to_places(tiny(Kind::kNone)), 1e-5);
  for (const Kind kind : {Kind::kLearned, Kind::kLearned2d, Kind::kRelative, Kind::kSincos2d}) {
    EXPECT_GE(sensitivity_to_places(tiny(kind)), 1e-3) << static_cast<int>(kind);
  }
}

TEST(PositionEmbeddings, TwoDimensionalIsAColumnAndARow) {
  ParameterList list;
  const PositionTable table(Scope(list), {.kind = PositionEmbedding::kLearned2d,
                                          .grid = {2, 3},
                                          .leading = 1,
                                          .embed_leading = true,
                                          .width = 8});
  const at::Tensor x = *find_tensor(list.parameters, "pos_embed_x"),
                   y = *find_tensor(list.parameters, "pos_embed_y"), all = table();
  ASSERT_EQ(x.sizes(), at::IntArrayRef({1, 3, 4}));
  ASSERT_EQ(y.sizes(), at::IntArrayRef({1, 2, 4}));
  ASSERT_EQ(all.sizes(), at::IntArrayRef({1, 7, 8}));
  EXPECT_EQ(max_abs(all[0][0]), 0);  // the class token has no place
  for (int64_t row = 0; row < 2; ++row) {
    for (int64_t column = 0; column < 3; ++column) {
      const at::Tensor expected = at::cat({x[0][column], y[0][row]});
      EXPECT_EQ(distance(all[0][1 + 3 * row + column], expected), 0);
    }
  }
}

// Relative attention pair by pair: logit (i, j) is q_i . (k_j + r_{j-i}) / sqrt(d).
TEST(PositionEmbeddings, RelativeIsATermForEachDistance) {
  constexpr int64_t kTokens = 5, kWidth = 6, kHeads = 2, kDepth = kWidth / kHeads;
  ParameterList list;
  const Attention attention(
      Scope(list), {.width = kWidth, .heads = kHeads, .dropout = 0, .relative_tokens = kTokens});
  const NoGrad no_gradients;
  attention.rel_pos.normal_();
  const at::Tensor x = at::randn({1, kTokens, kWidth});
  const at::Tensor qkv = attention.qkv(x)[0].view({kTokens, 3, kHeads, kDepth});
  at::Tensor expected = at::empty({kTokens, kHeads, kDepth});
  for (int64_t head = 0; head < kHeads; ++head) {
    for (int64_t i = 0; i < kTokens; ++i) {
      at::Tensor scores = at::empty({kTokens});
      for (int64_t j = 0; j < kTokens; ++j) {
        const at::Tensor key = qkv[j][1][head] + attention.rel_pos[j - i + kTokens - 1];
        scores[j] = qkv[i][0][head].dot(key) / std::sqrt(static_cast<double>(kDepth));
      }
      const at::Tensor values = qkv.select(1, 2).select(1, head);  // [T, d]
      expected[i][head] = at::matmul(at::softmax(scores, 0), values);
    }
  }
  expected = attention.proj(expected.flatten(1)).unsqueeze(0);
  KeepTaps taps;
  EXPECT_LE(distance(attention(x, Mode::kEval, nullptr, ""), expected), 1e-5);
  EXPECT_LE(distance(attention(x, Mode::kEval, &taps, "attn"), expected), 1e-5);
}

TEST(PositionEmbeddings, LayersShareOneTableOrHaveTheirOwn) {
  using Kind = PositionEmbedding;
  using Placement = PositionPlacement;
  const auto shared = built(tiny(Kind::kLearned, Placement::kSharedLayers));
  const auto own = built(tiny(Kind::kLearned, Placement::kEveryLayer));
  const auto stem = built(tiny(Kind::kLearned));
  const at::Tensor& table = *find_tensor(shared->parameters(), "pos_embed");
  EXPECT_EQ(find_tensor(own->parameters(), "pos_embed"), nullptr);
  const at::Tensor images = at::randn({2, 3, 8, 12});
  EXPECT_GE(distance(logits(*own, images), logits(*shared, images)), 1e-3);
  EXPECT_GE(distance(logits(*stem, images), logits(*shared, images)), 1e-3);
  {
    const NoGrad no_gradients;
    for (const char* name : {"blocks.0.pos_embed", "blocks.1.pos_embed"}) {
      const at::Tensor* of_layer = find_tensor(own->parameters(), name);
      ASSERT_NE(of_layer, nullptr);
      of_layer->copy_(table);
    }
  }
  EXPECT_EQ(distance(logits(*own, images), logits(*shared, images)), 0);
}

// DeiT-III: patches have positions, the class token has none.
TEST(PositionEmbeddings, ClassTokenMayHaveNone) {
  VitConfig config = tiny(PositionEmbedding::kLearned);
  config.class_token_position = false;
  const auto without = built(config);
  const auto with = built(tiny(PositionEmbedding::kLearned));
  const at::Tensor& short_table = *find_tensor(without->parameters(), "pos_embed");
  ASSERT_EQ(short_table.sizes(), at::IntArrayRef({1, 6, 16}));
  {
    const NoGrad no_gradients;
    const at::Tensor& table = *find_tensor(with->parameters(), "pos_embed");
    table.slice(1, 1).copy_(short_table);
    table.slice(1, 0, 1).zero_();
  }
  const at::Tensor images = at::randn({2, 3, 8, 12});
  EXPECT_EQ(distance(logits(*without, images), logits(*with, images)), 0);
}

TEST(PositionEmbeddings, EveryKindLearns) {
  using Kind = PositionEmbedding;
  using Placement = PositionPlacement;
  for (const auto& [kind, placement] : {std::pair{Kind::kLearned, Placement::kEveryLayer},
                                        std::pair{Kind::kLearned, Placement::kSharedLayers},
                                        std::pair{Kind::kLearned2d, Placement::kStem},
                                        std::pair{Kind::kLearned2d, Placement::kEveryLayer},
                                        std::pair{Kind::kRelative, Placement::kStem}}) {
    const auto model = built(tiny(kind, placement));
    const Pass pass = run_pass(*model, at::randn({3, 3, 8, 12}), at::arange(3));
    for (const auto& [name, grad] : pass.grads) {
      ASSERT_TRUE(grad.defined()) << name;
      EXPECT_GT(max_abs(grad), 0) << name;
    }
  }
}

TEST(PositionEmbeddings, ModelsTellTheGridOfEachTable) {
  const auto model = built(tiny(PositionEmbedding::kLearned2d, PositionPlacement::kEveryLayer));
  EXPECT_EQ(model->position_grid("blocks.1.pos_embed_x"), (Extent{1, 3}));
  EXPECT_EQ(model->position_grid("blocks.0.pos_embed_y"), (Extent{1, 2}));
  EXPECT_EQ(model->position_grid("pos_embed"), (Extent{2, 3}));
  EXPECT_EQ(model->position_grid("blocks.0.norm1.weight"), (Extent{0, 0}));
}

}  // namespace
}  // namespace vit::test
