// Dropout and stochastic depth: rates, scaling, places, and that evaluation has neither.
#include "models/layers/drop.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "models/layers/block.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

constexpr double kRate = 0.25;

class Drop : public testing::Test {
 protected:
  void SetUp() override { at::manual_seed(3); }
};

// Share of exact zeros.
double zeros(const at::Tensor& x) { return (x == 0).to(at::kDouble).mean().item<double>(); }

// Every element is 0 or `survivor`.
void expect_two_valued(const at::Tensor& x, const at::Tensor& survivor) {
  const at::Tensor fits = (x == 0).logical_or(at::isclose(x, survivor.expand_as(x), 1e-5));
  EXPECT_TRUE(fits.all().item<bool>());
}

TEST_F(Drop, StochasticDepthDropsWholeExamples) {
  const at::Tensor kept = stochastic_depth(at::ones({4000, 3, 2}), kRate, Mode::kTrain);
  const at::Tensor first = kept.select(1, 0).select(1, 0);
  EXPECT_TRUE(at::equal(kept, first.view({-1, 1, 1}).expand_as(kept)));
  expect_two_valued(kept, at::scalar_tensor(1 / (1 - kRate)));
  EXPECT_NEAR(zeros(kept), kRate, 0.035);  // five deviations
}

TEST_F(Drop, NothingInEvaluationOrAtRateZero) {
  const at::Tensor x = at::randn({64, 3, 2});
  EXPECT_TRUE(at::equal(stochastic_depth(x, kRate, Mode::kEval), x));
  EXPECT_TRUE(at::equal(stochastic_depth(x, 0, Mode::kTrain), x));
  EXPECT_TRUE(at::equal(dropout(x, kRate, Mode::kEval), x));
  EXPECT_TRUE(at::equal(dropout(x, 0, Mode::kTrain), x));
}

TEST_F(Drop, DropoutDropsSingleValues) {
  const at::Tensor kept = dropout(at::ones({20000}), kRate, Mode::kTrain);
  expect_two_valued(kept, at::scalar_tensor(1 / (1 - kRate)));
  EXPECT_NEAR(zeros(kept), kRate, 0.016);
}

// A block whose branches are constants: attention adds `attention_adds`, the MLP `mlp_adds`,
// whatever the input.
struct ConstantBlock {
  static constexpr float kAttentionAdds = 1, kMlpAdds = 10;

  explicit ConstantBlock(const VitConfig& config, int64_t index = 0)
      : block(Scope(list), config, {index, 5}) {
    const NoGrad no_gradients;
    for (const auto& [name, tensor] : list.parameters) tensor.zero_();
    block.attn.proj.bias.fill_(kAttentionAdds);
    block.mlp.fc2.bias.fill_(kMlpAdds);
  }
  at::Tensor added(int64_t batch) const {
    const at::Tensor x = at::zeros({batch, 2, 8});
    return block(x, Mode::kTrain, nullptr).detach();
  }

  ParameterList list;
  Block block;
};

VitConfig tiny() {
  return {.image = square(8), .patch = square(4), .width = 8, .depth = 3, .heads = 2, .mlp = 8};
}

TEST_F(Drop, RateGrowsLinearlyWithDepth) {
  VitConfig config = tiny();
  config.stochastic_depth = 0.5;
  for (const auto& [index, rate] : {std::pair{0, 0.0}, {1, 0.25}, {2, 0.5}}) {
    EXPECT_EQ(ConstantBlock(config, index).block.drop_branch, rate);
  }
  config.depth = 1;
  EXPECT_EQ(ConstantBlock(config, 0).block.drop_branch, 0.0);
}

TEST_F(Drop, BranchesAreDroppedIndependently) {
  VitConfig config = tiny();
  config.stochastic_depth = 0.5;
  const int64_t batch = 4000;
  const at::Tensor added = ConstantBlock(config, 2).added(batch).select(1, 0).select(1, 0);  // [B]
  double total = 0;
  for (const double value :
       {0.0, 2.0, 20.0, 22.0}) {  // neither, attention, MLP, both; scaled by 1 / 0.5
    const double share =
        at::isclose(added, at::scalar_tensor(value)).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(share, 0.25, 0.035) << value;
    total += share;
  }
  EXPECT_DOUBLE_EQ(total, 1.0);
}

TEST_F(Drop, DropoutAfterAttentionAndAfterTheMlp) {
  VitConfig config = tiny();
  config.dropout = 0.5;
  const at::Tensor added = ConstantBlock(config).added(2000);
  for (const double value : {0.0, 2.0, 20.0, 22.0}) {
    const double share =
        at::isclose(added, at::scalar_tensor(value)).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(share, 0.25, 0.02) << value;  // per element, two independent masks
  }
}

TEST_F(Drop, DropoutAfterTheActivation) {
  ParameterList list;
  Mlp mlp(Scope(list), {.width = 8, .hidden = 8, .gelu = Gelu::kErf, .dropout = 0.5});
  const NoGrad no_gradients;
  mlp.fc1.weight.zero_();
  mlp.fc1.bias.fill_(1);
  mlp.fc2.weight.copy_(at::eye(8));
  mlp.fc2.bias.zero_();
  // Two masks in a row: three in four values vanish, survivors are scaled twice.
  const at::Tensor out = mlp(at::zeros({4000, 8}), Mode::kTrain);
  expect_two_valued(out, 4 * at::gelu(at::ones({1})));
  EXPECT_NEAR(zeros(out), 0.75, 0.015);
}

TEST_F(Drop, DropoutAfterThePositionEmbedding) {
  VitConfig config = tiny();
  config.depth = 1;
  config.dropout = 0.5;
  const auto model = build_vision_transformer(config, {.classes = 0, .channels = 1});
  const NoGrad no_gradients;
  for (const auto& [name, tensor] : model->parameters()) {
    if (name.starts_with("blocks.")) tensor.zero_();  // the block passes its input on
    if (name == "cls_token") tensor.fill_(1);
  }
  KeepTaps taps;
  model->forward(at::randn({500, 1, 8, 8}), Mode::kTrain, &taps);
  expect_two_valued(taps.values.at("block0"), 2 * taps.values.at("embed"));
  EXPECT_NEAR(zeros(taps.values.at("block0")), 0.5, 0.02);
}

TEST_F(Drop, AttentionProbabilities) {
  VitConfig config = tiny();
  config.attention_dropout = 0.5;
  ConstantBlock block(config);
  const NoGrad no_gradients;
  block.block.attn.qkv.bias.fill_(
      1);  // all keys alike, values 1: each of 2 tokens has probability 1/2
  block.block.attn.proj.weight.copy_(at::eye(8));
  block.block.attn.proj.bias.zero_();
  block.block.mlp.fc2.bias.zero_();
  KeepTaps taps;
  for (Taps* with : {static_cast<Taps*>(nullptr), static_cast<Taps*>(&taps)}) {
    const at::Tensor out = block.block(at::zeros({4000, 2, 8}), Mode::kTrain, with).select(2, 0);
    for (const auto& [value, share] : {std::pair{0.0, 0.25}, {1.0, 0.5}, {2.0, 0.25}}) {
      const double seen =
          at::isclose(out, at::scalar_tensor(value)).to(at::kDouble).mean().item<double>();
      EXPECT_NEAR(seen, share, 0.03) << value;
    }
  }
}

TEST_F(Drop, EvaluationIsThePlainNetwork) {
  VitConfig config = tiny();
  config.head_zero_init = false;
  const ModelArgs args{.classes = 5, .channels = 1, .seed = Random(4)};
  const auto plain = build_vision_transformer(config, args);
  config.dropout = config.attention_dropout = config.stochastic_depth = 0.5;
  const auto noisy = build_vision_transformer(config, args);
  const at::Tensor images = at::randn({4, 1, 8, 8});
  const at::Tensor expected = plain->forward(images, Mode::kEval);
  EXPECT_TRUE(at::equal(noisy->forward(images, Mode::kEval), expected));
  EXPECT_FALSE(at::equal(noisy->forward(images, Mode::kTrain), expected));
  EXPECT_TRUE(at::equal(plain->forward(images, Mode::kTrain), expected));
}

}  // namespace
}  // namespace vit::test
