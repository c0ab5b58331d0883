// Loading weights: what is copied, reset, resized, refused, and the words for it.
#include "vit/core/error.hpp"
#include "vit/models/resample_weights.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

VitConfig config_4x4() {
  return {.image = square(32),
          .patch = square(8),
          .width = 16,
          .depth = 2,
          .heads = 2,
          .mlp = 32,
          .head_zero_init = false};
}

std::unique_ptr<Model> make(const VitConfig& config, uint64_t seed, int64_t classes = 5) {
  return build_vision_transformer(config, {.classes = classes, .seed = Random(seed)});
}

NamedTensors snapshot(const Model& model) {
  NamedTensors copies;
  for (const auto& [name, tensor] : state_dict(model))
    copies.push_back({name, tensor.detach().clone()});
  return copies;
}

constexpr const char* kSource = "some.safetensors";
const InitConfig kKeepHead{.head = HeadPolicy::kKeep};

Weights weights_of(const Model& model) { return {kSource, snapshot(model)}; }

// The message of the CheckpointError that loading throws, after checking that nothing was written.
std::string refusal(Model& model, const NamedTensors& file, const InitConfig& options) {
  const NamedTensors before = snapshot(model);
  std::string text;
  try {
    load_weights(model, {kSource, file}, options);
    ADD_FAILURE() << "loading did not throw";
  } catch (const CheckpointError& error) {
    text = error.what();
  }
  for (const auto& [name, tensor] : before) {
    EXPECT_TRUE(at::equal(*find_tensor(state_dict(model), name), tensor)) << name << " was written";
  }
  return text;
}

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

// ---- position embeddings

at::Tensor parameter(const Model& model, const std::string& name) {
  return find_tensor(state_dict(model), name)->detach();
}

TEST(LoadPositions, ResizingFollowsTheOriginOrTheSetting) {
  VitConfig larger = config_4x4();
  larger.image = square(56);
  const auto from = make(config_4x4(), 1);
  const at::Tensor given = parameter(*from, "pos_embed");
  using Policy = PositionEmbeddingPolicy;
  struct Case {
    Layout layout;
    Policy policy;
    PositionResize expected;
    const char* name;
  };
  const Case cases[] = {
      {Layout::kTimm, Policy::kResize, PositionResize::kTimm, "timm"},
      {Layout::kHuggingFace, Policy::kResize, PositionResize::kTimm, "timm"},
      {Layout::kJax, Policy::kResize, PositionResize::kReference, "reference"},
      {Layout::kJax, Policy::kTimmNpz, PositionResize::kTimmNpz, "timm_npz"},
      {Layout::kTimm, Policy::kReferenceEdgeZeros, PositionResize::kReferenceEdgeZeros,
       "reference_edge_zeros"},
      {Layout::kTimm, Policy::kTorchvision, PositionResize::kTorchvision, "torchvision"},
      {Layout::kTimm, Policy::kHuggingFace, PositionResize::kHuggingFace, "huggingface"},
  };
  for (const Case& c : cases) {
    const auto to = make(larger, 2);
    InitConfig init = kKeepHead;
    init.position_embedding = c.policy;
    const LoadReport report = load_weights(*to, {kSource, snapshot(*from), c.layout}, init);
    EXPECT_TRUE(at::equal(parameter(*to, "pos_embed"),
                          resize_position_embedding(given, 1, square(4), square(7), c.expected)));
    EXPECT_THAT(report.resized,
                ElementsAre(std::string("pos_embed 4x4 -> 7x7 grid (") + c.name + ")"));
  }
}

// DeiT-III: the class token has no entry of its own.
TEST(LoadPositions, ClassTokenWithoutPosition) {
  VitConfig without = config_4x4(), larger = config_4x4();
  without.class_token_position = false;
  larger.class_token_position = false;
  larger.image = square(48);
  const auto from = make(without, 1), with = make(config_4x4(), 2), to = make(larger, 3);
  const at::Tensor given = parameter(*from, "pos_embed");
  const LoadReport report = load_weights(*with, weights_of(*from), kKeepHead);
  EXPECT_EQ(max_abs(parameter(*with, "pos_embed").slice(1, 0, 1)), 0.0);
  EXPECT_TRUE(at::equal(parameter(*with, "pos_embed").slice(1, 1), given));
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("no entry for the class token")));

  load_weights(*to, weights_of(*from), kKeepHead);
  EXPECT_TRUE(at::equal(parameter(*to, "pos_embed"),
                        resize_position_embedding(given, 0, square(4), square(6))));
  EXPECT_THAT(refusal(*to, snapshot(*make(config_4x4(), 4)), kKeepHead),
              HasSubstr("model.class_token_position=true"));
}

TEST(LoadPositions, DistilledIntoPlain) {
  VitConfig distilled = config_4x4(), larger = config_4x4();
  distilled.distilled = true;
  larger.image = square(48);
  const auto from = make(distilled, 1), to = make(larger, 2);
  const at::Tensor given = parameter(*from, "pos_embed");
  const LoadReport report = load_weights(*to, weights_of(*from), kKeepHead);
  const at::Tensor kept = at::cat({given.slice(1, 0, 1), given.slice(1, 2)}, 1);
  EXPECT_TRUE(at::equal(parameter(*to, "pos_embed"),
                        resize_position_embedding(kept, 1, square(4), square(6))));
  EXPECT_THAT(report.unused, ElementsAre("dist_token", "head_dist.weight", "head_dist.bias"));
  EXPECT_THAT(refusal(*make(distilled, 3), snapshot(*make(config_4x4(), 4)), {}),
              HasSubstr("missing   dist_token"));
}

// The same number of patches is the model's grid, whatever its shape.
TEST(LoadPositions, GridsThatAreNoSquares) {
  VitConfig wide = config_4x4(), other = config_4x4();
  wide.image = {16, 64};
  other.image = {48, 64};
  const auto from = make(wide, 1), same = make(wide, 2);
  EXPECT_THAT(load_weights(*same, weights_of(*from), kKeepHead).resized, IsEmpty());
  EXPECT_THAT(load_weights(*make(other, 3), weights_of(*from), kKeepHead).resized,
              ElementsAre("pos_embed 4x4 -> 6x8 grid (timm)"));
  wide.image = {16, 48};
  EXPECT_THAT(refusal(*make(other, 4), snapshot(*make(wide, 5)), kKeepHead),
              HasSubstr("12 patches are no square grid"));
}

TEST(LoadPositions, OfTheAblations) {
  VitConfig small = config_4x4(), larger = config_4x4();
  small.position_embedding = larger.position_embedding = PositionEmbedding::kLearned2d;
  larger.image = {48, 64};
  const auto from = make(small, 1), to = make(larger, 2);
  EXPECT_THAT(
      load_weights(*to, weights_of(*from), kKeepHead).resized,
      ElementsAre("pos_embed_x 1x4 -> 1x8 grid (timm)", "pos_embed_y 1x4 -> 1x6 grid (timm)"));
  small = larger = config_4x4();
  small.position_placement = larger.position_placement = PositionPlacement::kEveryLayer;
  larger.image = square(48);
  EXPECT_THAT(load_weights(*make(larger, 3), weights_of(*make(small, 4)), kKeepHead).resized,
              ElementsAre("blocks.0.pos_embed 4x4 -> 6x6 grid (timm)",
                          "blocks.1.pos_embed 4x4 -> 6x6 grid (timm)"));
}

// ---- the kernel that sees the image

TEST(LoadInputKernel, AnotherPatchSize) {
  VitConfig larger = config_4x4();
  larger.patch = {16, 8};
  larger.image = {64, 32};
  const auto from = make(config_4x4(), 1);
  for (const auto& [layout, way] :
       {std::pair{Layout::kTimm, PatchResize::kTimm}, {Layout::kJax, PatchResize::kTimmNpz}}) {
    const auto to = make(larger, 2);
    const LoadReport report = load_weights(*to, {kSource, snapshot(*from), layout}, kKeepHead);
    EXPECT_THAT(report.adapted, ElementsAre("patch_embed.proj.weight 8x8 -> 16x8 patch"));
    EXPECT_TRUE(
        at::equal(parameter(*to, "patch_embed.proj.weight"),
                  resize_patch_kernel(parameter(*from, "patch_embed.proj.weight"), {16, 8}, way)));
  }
  InitConfig strict = kKeepHead;
  strict.patch = PatchPolicy::kStrict;
  EXPECT_THAT(refusal(*make(larger, 3), snapshot(*from), strict),
              HasSubstr("init.patch=resample (now: strict)"));
}

TEST(LoadInputKernel, OtherChannels) {
  const auto from = make(config_4x4(), 1);
  VitConfig hybrid = config_4x4();
  hybrid.image = square(64);
  hybrid.patch = square(1);
  hybrid.trunk = TrunkConfig{.layers = {1, 1}, .width = 0.5};
  for (const int64_t channels : {1, 4}) {
    const auto to = build_vision_transformer(config_4x4(), {.classes = 5, .channels = channels});
    const LoadReport report = load_weights(*to, weights_of(*from), kKeepHead);
    EXPECT_EQ(report.adapted.size(), 1U);
    EXPECT_TRUE(
        at::equal(parameter(*to, "patch_embed.proj.weight"),
                  adapt_input_channels(parameter(*from, "patch_embed.proj.weight"), channels)));

    const auto mixed = build_vision_transformer(hybrid, {.classes = 5, .channels = channels});
    EXPECT_THAT(load_weights(*mixed, weights_of(*make(hybrid, 1)), kKeepHead).adapted,
                ElementsAre("patch_embed.backbone.stem.conv.weight 3 -> " +
                            std::to_string(channels) + " channels"));
  }
  VitConfig narrow = hybrid;  // channels of features are no channels of the image
  narrow.trunk->layers = {1};
  narrow.image = square(32);
  EXPECT_THAT(refusal(*make(hybrid, 2), snapshot(*make(narrow, 3)), kKeepHead),
              HasSubstr("patch_embed.proj.weight"));
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
  weights.tensors.push_back({"mask_token", at::zeros({1})});
  weights.ignored = {"opt/state/step"};
  const LoadReport report = load_weights(*to, weights, kKeepHead);
  EXPECT_THAT(report.unused, ElementsAre("mask_token"));
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
