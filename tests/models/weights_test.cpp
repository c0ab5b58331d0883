// Loading weights: what is copied, reset, resized, refused, and the words for it.
#include "vit/models/resample_weights.hpp"

#include "models/weights_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LoadWeights, CopiesEverything) {
  const auto from = make(config_4x4(), 1), to = make(config_4x4(), 2);
  const LoadReport report = load_weights(*to, weights_of(*from), kKeepHead);
  for (const auto& [name, tensor] : state_dict(*from)) {
    EXPECT_TRUE(at::equal(*find_tensor(state_dict(*to), name), tensor)) << name;
  }
  EXPECT_EQ(report.matched, report.total);
  EXPECT_EQ(report.total, static_cast<int64_t>(state_dict(*to).size()));
  EXPECT_THAT(report.resized, IsEmpty());
  EXPECT_THAT(report.fresh, IsEmpty());
  EXPECT_THAT(report.unused, IsEmpty());
  EXPECT_THAT(report.notes, IsEmpty());
  for (const auto& [name, tensor] : to->parameters())
    EXPECT_TRUE(tensor.requires_grad() && tensor.is_leaf()) << name;
}

TEST(LoadWeights, ConvertsTypes) {
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf, at::kDouble}) {
    const auto from = make(config_4x4(), 1), to = make(config_4x4(), 2);
    NamedTensors file = snapshot(*from);
    for (auto& [name, tensor] : file) tensor = tensor.to(type);
    load_weights(*to, {kSource, file}, kKeepHead);
    for (const auto& [name, tensor] : file) {
      const at::Tensor loaded = *find_tensor(state_dict(*to), name);
      EXPECT_EQ(loaded.scalar_type(), at::kFloat);
      EXPECT_TRUE(at::equal(loaded, tensor.to(at::kFloat))) << name;
    }
  }
}

// Fine-tuning: hidden layer and head of the file are dropped, the new head starts at zero with the
// configured bias.
TEST(LoadWeights, ResetsTheHead) {
  VitConfig pretraining = config_4x4(), finetuning = config_4x4();
  pretraining.representation_size = 16;
  finetuning.head_bias = -2;
  const auto from = make(pretraining, 1, 100), to = make(finetuning, 2, 5);
  const LoadReport report = load_weights(*to, weights_of(*from), {});
  EXPECT_EQ(max_abs(*find_tensor(to->parameters(), "head.weight")), 0.0);
  EXPECT_TRUE((*find_tensor(to->parameters(), "head.bias") == -2).all().item<bool>());
  EXPECT_EQ(report.matched, report.total - 2);
  EXPECT_THAT(report.fresh, ElementsAre("head.weight", "head.bias"));
  EXPECT_THAT(report.dropped, ElementsAre("pre_logits.fc.weight", "pre_logits.fc.bias",
                                          "head.weight", "head.bias"));
  EXPECT_THAT(report.unused, IsEmpty());
}

// MAE's fine-tuning: the mean of the patches and a norm of its own instead of the final norm.
TEST(LoadWeights, AResetHeadHasItsOwnNorm) {
  VitConfig pooled = config_4x4();
  pooled.pooling = Pooling::kMeanFcNorm;
  const auto from = make(config_4x4(), 1), to = make(pooled, 2);
  EXPECT_THAT(
      refusal(*to, snapshot(*from), kKeepHead),
      HasSubstr("missing   fc_norm.weight  model 16  -> starts afresh with init.head=reset"));
  const LoadReport report = load_weights(*to, weights_of(*from), {});
  EXPECT_THAT(report.fresh,
              ElementsAre("fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"));
  EXPECT_THAT(report.dropped, ElementsAre("norm.weight", "norm.bias", "head.weight", "head.bias"));
  EXPECT_THAT(report.unused, IsEmpty());
  EXPECT_EQ(max_abs(parameter(*to, "fc_norm.weight") - 1), 0.0);
  EXPECT_EQ(max_abs(parameter(*to, "fc_norm.bias")), 0.0);
  EXPECT_TRUE(at::equal(parameter(*to, "cls_token"), parameter(*from, "cls_token")));
}

TEST(LoadWeights, AResetHeadTakesTheNormOfTheFile) {
  VitConfig pooled = config_4x4();
  pooled.pooling = Pooling::kMeanFcNorm;
  const auto from = make(pooled, 1), to = make(pooled, 2);
  parameter(*from, "fc_norm.weight").fill_(3);
  EXPECT_THAT(load_weights(*to, weights_of(*from), {}).fresh,
              ElementsAre("head.weight", "head.bias"));
  EXPECT_EQ(max_abs(parameter(*to, "fc_norm.weight") - 3), 0.0);
}

TEST(LoadWeights, ResizesPositionEmbeddings) {
  VitConfig larger = config_4x4();
  larger.image = {48, 64};
  const auto from = make(config_4x4(), 1), to = make(larger, 2);
  const LoadReport report = load_weights(*to, weights_of(*from), kKeepHead);
  EXPECT_THAT(report.resized, ElementsAre("pos_embed 4x4 -> 6x8 grid (timm)"));
  const at::Tensor expected = resize_position_embedding(
      find_tensor(from->parameters(), "pos_embed")->detach(), 1, square(4), {6, 8});
  EXPECT_TRUE(at::equal(*find_tensor(to->parameters(), "pos_embed"), expected));
  EXPECT_TRUE(at::equal(expected.slice(1, 0, 1),
                        find_tensor(from->parameters(), "pos_embed")->slice(1, 0, 1)));
}

TEST(LoadWeights, TokenWeightsFitAMeanPoolingModel) {
  VitConfig mean = config_4x4();
  mean.pooling = Pooling::kMean;
  const auto from = make(config_4x4(), 1), to = make(mean, 2);
  const LoadReport report = load_weights(*to, weights_of(*from), kKeepHead);
  EXPECT_THAT(report.unused, ElementsAre("cls_token"));
  EXPECT_TRUE(at::equal(*find_tensor(to->parameters(), "pos_embed"),
                        find_tensor(from->parameters(), "pos_embed")->slice(1, 1)));
}

TEST(LoadWeights, StrictPolicyRefusesAnotherGrid) {
  VitConfig larger = config_4x4();
  larger.image = square(48);
  const auto from = make(config_4x4(), 1), to = make(larger, 2);
  InitConfig strict = kKeepHead;
  strict.position_embedding = PositionEmbeddingPolicy::kStrict;
  const std::string text = refusal(*to, snapshot(*from), strict);
  EXPECT_THAT(text, HasSubstr("pos_embed  file 1x17x16  model 1x37x16"));
  EXPECT_THAT(text, HasSubstr("init.position_embedding=resize (now: strict)"));
}

TEST(LoadWeights, RefusesAnotherHead) {
  const auto from = make(config_4x4(), 1, 100), to = make(config_4x4(), 2, 5);
  const std::string text = refusal(*to, snapshot(*from), kKeepHead);
  EXPECT_THAT(text, HasSubstr("weights 'some.safetensors' do not fit the model"));
  EXPECT_THAT(text, HasSubstr("30 of 32 tensors match"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "head.weight  file 100x16  model 5x16  -> replaced with init.head=reset (now: keep)"));
}

TEST(LoadWeights, NamesEveryMissingTensor) {
  const auto to = make(config_4x4(), 2);
  NamedTensors file = snapshot(*make(config_4x4(), 1));
  std::erase_if(
      file, [](const NamedTensor& t) { return t.name == "norm.weight" || t.name == "cls_token"; });
  const std::string text = refusal(*to, file, {});
  EXPECT_THAT(text, HasSubstr("missing   norm.weight  model 16"));
  EXPECT_THAT(text, HasSubstr("missing   cls_token  model 1x1x16"));
}

TEST(LoadWeights, DescribesAnotherArchitecture) {
  VitConfig wide = config_4x4();
  wide.width = 32;
  wide.depth = 4;
  const auto from = make(wide, 1), to = make(config_4x4(), 2);
  const std::string text = refusal(*to, snapshot(*from), {});
  EXPECT_THAT(
      text,
      HasSubstr(
          "the file is a ViT of width 32, depth 4, patch 8x8; the model has width 16, depth 2"));
  EXPECT_THAT(text, HasSubstr("... and "));  // long lists are cut
}

TEST(LoadWeights, NothingMatches) {
  const auto to = make(config_4x4(), 2);
  const at::Tensor any = at::zeros({1});
  EXPECT_THAT(refusal(*to, {{"backbone.cls_token", any}}, {}), HasSubstr("start with 'backbone.'"));
  EXPECT_THAT(refusal(*to, {{"layer1.weight", any}}, {}), HasSubstr("read are the names of timm"));
  EXPECT_THAT(refusal(*to, {}, {}), HasSubstr("the file holds no tensors"));
}

TEST(LoadWeights, RefusesWholeNumbers) {
  const auto to = make(config_4x4(), 2);
  NamedTensors file = snapshot(*make(config_4x4(), 1));
  for (auto& [name, tensor] : file) {
    if (name == "norm.bias") tensor = tensor.to(at::kLong);
  }
  EXPECT_THAT(refusal(*to, file, {}), HasSubstr("type      norm.bias"));
}

TEST(LoadWeights, PointsOutOddHeads) {
  VitConfig config = config_4x4();
  config.head_zero_init = true;
  config.representation_size = 16;
  const auto from = make(config, 1);
  config.representation_size = 0;
  const auto to = make(config, 2);
  const LoadReport report = load_weights(*to, weights_of(*from), kKeepHead);
  EXPECT_THAT(report.notes,
              ElementsAre(HasSubstr("all zeros"), HasSubstr("model.representation_size=16")));
}

TEST(LoadWeights, FixedEmbeddingsMustAgree) {
  VitConfig fixed = config_4x4();
  fixed.position_embedding = PositionEmbedding::kSincos2d;
  const auto from = make(fixed, 1), same = make(fixed, 2), learned = make(config_4x4(), 3);
  const LoadReport report = load_weights(*same, weights_of(*from), kKeepHead);
  EXPECT_EQ(report.matched, report.total);
  load_weights(*learned, weights_of(*from),
               kKeepHead);  // the other way round they are values like any
  EXPECT_TRUE(at::equal(*find_tensor(learned->parameters(), "pos_embed"),
                        *find_tensor(from->buffers(), "pos_embed")));
  const NamedTensors file = snapshot(*make(config_4x4(), 4));
  EXPECT_THAT(refusal(*same, file, kKeepHead), HasSubstr("model.position_embedding=learned"));
}

// ---- heads of other families, reports

TEST(LoadWeights, ResetsTheHeadsOfEveryFamily) {
  ResNetConfig bit{.image = square(32),
                   .layers = {1},
                   .channels = {64},
                   .width = 0.5,
                   .head_zero_init = false,
                   .head_bias = -1};
  const auto from = build_resnet(bit, {.classes = 9, .seed = Random(1)}),
             to = build_resnet(bit, {.classes = 4, .seed = Random(2)});
  const LoadReport report = load_weights(*to, weights_of(*from), {});
  EXPECT_THAT(report.fresh, ElementsAre("head.fc.weight", "head.fc.bias"));
  EXPECT_THAT(report.dropped, ElementsAre("head.fc.weight", "head.fc.bias"));
  EXPECT_EQ(max_abs(parameter(*to, "head.fc.weight")), 0.0);
  EXPECT_EQ(max_abs(parameter(*to, "head.fc.bias") + 1), 0.0);
  EXPECT_THAT(load_weights(*build_resnet(bit, {.classes = 4}), weights_of(*to), kKeepHead).notes,
              ElementsAre(HasSubstr("head.fc.weight of the file is all zeros")));

  VitConfig distilled = config_4x4();
  distilled.distilled = true;
  const auto deit = make(distilled, 1, 9), deit_to = make(distilled, 2);
  load_weights(*deit_to, weights_of(*deit), {});
  EXPECT_EQ(max_abs(parameter(*deit_to, "head_dist.weight")), 0.0);
}

TEST(LoadWeights, ReportsWhatTheFileHasBesides) {
  const auto from = make(config_4x4(), 1), to = make(config_4x4(), 2);
  Weights weights = weights_of(*from);
  for (const char* name : {"mask_token", "register_tokens", "mask_head.weight", "mask_head.bias"})
    weights.tensors.push_back({name, at::zeros({1})});
  weights.ignored = {"opt/state/step"};
  const LoadReport report = load_weights(*to, weights, kKeepHead);
  EXPECT_THAT(report.unused, ElementsAre("register_tokens"));
  EXPECT_THAT(report.dropped, ElementsAre("mask_token", "mask_head.weight", "mask_head.bias"));
  EXPECT_THAT(report.ignored, ElementsAre("opt/state/step"));
}

TEST(LoadWeights, NamesAPresetThatFits) {
  const auto tiny = Models::catalog().make("vit_ti16").build({.classes = 3});
  EXPECT_THAT(refusal(*make(config_4x4(), 1), state_dict(*tiny), {}),
              HasSubstr("set model=vit_ti16"));
  EXPECT_THAT(refusal(*make(config_4x4(), 1, 9), snapshot(*make(config_4x4(), 2)), kKeepHead),
              testing::Not(HasSubstr("set model=")));
}

}  // namespace
}  // namespace vit::test
