// Loading weights of another resolution, patch size or number of channels.
#include "vit/models/resample_weights.hpp"

#include "models/weights_support.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- position embeddings

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
  VitConfig mean = wide;
  mean.pooling = Pooling::kMean;
  const auto pooled = make(mean, 6);
  EXPECT_THAT(load_weights(*pooled, weights_of(*from), kKeepHead).resized, IsEmpty());
  EXPECT_TRUE(
      at::equal(parameter(*pooled, "pos_embed"), parameter(*from, "pos_embed").slice(1, 1)));
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
  narrow.trunk = TrunkConfig{.layers = {1}, .width = 0.5};
  narrow.image = square(32);
  EXPECT_THAT(refusal(*make(hybrid, 2), snapshot(*make(narrow, 3)), kKeepHead),
              HasSubstr("patch_embed.proj.weight"));
}

}  // namespace
}  // namespace vit::test
