// Networks told by their tensors: every preset by its own, dimensions of unknown ones, and files
// that are none.
#include "vit/models/identify.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

using testing::Contains;
using testing::IsEmpty;

NamedTensors outline(const ModelSection& section) {
  return state_dict(*section.build({.classes = 10, .allocation = Allocation::kShapesOnly}));
}

class Identify : public testing::TestWithParam<std::string> {};

TEST_P(Identify, FindsThePresetAgain) {
  EXPECT_THAT(presets_that_fit(outline(ModelSection(GetParam()))), Contains(GetParam()));
}

std::vector<std::string> presets() {
  std::vector<std::string> names;
  for (const std::string& name : Models::catalog().names()) {
    if (Models::catalog().is_preset(name)) names.push_back(name);
  }
  return names;
}
INSTANTIATE_TEST_SUITE_P(Presets, Identify, testing::ValuesIn(presets()),
                         [](const auto& info) { return test_name(info.param); });

VitConfig tiny() {
  return {.image = square(32), .patch = square(8), .width = 32, .depth = 2, .heads = 4, .mlp = 48};
}

// The section found in the tensors of a network builds the same tensors again.
void expect_found_again(const ModelSection& section, int64_t heads) {
  const NamedTensors wanted = outline(section);
  const ModelSection found = section_of(wanted, heads);
  ASSERT_FALSE(found.empty());
  const NamedTensors again = outline(found);
  ASSERT_EQ(again.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(again[i].name, wanted[i].name);
    EXPECT_EQ(again[i].tensor.sizes(), wanted[i].tensor.sizes()) << wanted[i].name;
  }
}

TEST(SectionOf, TakesAllDimensions) {
  std::vector<VitConfig> configs(9, tiny());
  configs[1].pooling = Pooling::kMean;
  configs[2].pooling = Pooling::kMeanFcNorm;
  configs[3].pooling = Pooling::kAttention;
  configs[4].distilled = true;
  configs[5].layer_scale = 0.1;
  configs[5].class_token_position = false;
  configs[6].representation_size = 16;
  configs[7].position_embedding = PositionEmbedding::kLearned2d;
  configs[7].image = {32, 48};
  configs[8].trunk = TrunkConfig{.layers = {1, 2}, .width = 0.5};
  configs[8].patch = square(1);
  for (const VitConfig& config : configs) expect_found_again({"vit", config}, config.heads);
  expect_found_again({"bit", ResNetConfig{.layers = {1, 2}, .width = 0.5}}, 0);
  expect_found_again(
      {"bit",
       ResNetConfig{.layers = {2, 1}, .channels = {128, 256}, .unit = ResNetUnit::kPostActivation}},
      0);
}

// 4 x 6 patches and a class token are as many entries as 5 x 5 patches.
TEST(SectionOf, DoesNotTakeAClassTokenForAPatch) {
  VitConfig config = tiny();
  config.image = {32, 48};
  const ModelSection found = section_of(outline({"vit", config}), 4);
  EXPECT_TRUE(found.as<VitConfig>()->class_token_position);
}

TEST(SectionOf, KnowsNothingOfImpossibleNetworks) {
  const auto with = [](NamedTensors tensors, const std::string& name, at::IntArrayRef shape) {
    for (NamedTensor& entry : tensors) {
      if (entry.name == name) entry.tensor = at::empty(shape, at::kMeta);
    }
    return tensors;
  };
  const NamedTensors sound = outline({"vit", tiny()});
  for (const NamedTensors& file :
       {with(sound, "patch_embed.proj.weight", {32, 3, 0, 8}),
        with(sound, "patch_embed.proj.weight", {0, 3, 8, 8}),
        with(sound, "patch_embed.proj.weight", {32}),
        with(sound, "blocks.0.mlp.fc1.weight", {0, 32}), NamedTensors{},
        NamedTensors{{"stem.conv.weight", at::empty({0, 3, 7, 7}, at::kMeta)}}}) {
    EXPECT_TRUE(section_of(file, 0).empty());
    EXPECT_THAT(presets_that_fit(file), IsEmpty());
  }
  EXPECT_TRUE(section_of(sound, 7).empty()) << "7 heads do not divide 32 channels";
  NamedTensors many{{"stem.conv.weight", at::empty({64, 3, 7, 7}, at::kMeta)}};
  for (int i = 0; i < 70; ++i) {
    const std::string block = "stages." + std::to_string(i) + ".blocks.0.conv";
    for (const char* part : {"1.weight", "3.weight"})
      many.push_back({block + part, at::empty({64, 64, 1, 1}, at::kMeta)});
  }
  EXPECT_THAT(presets_that_fit(many), IsEmpty());
}

TEST(IsAllZero, TakesFloatingPointNumbersOfEveryType) {
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16, at::kFloat8_e4m3fn}) {
    EXPECT_TRUE(is_all_zero(at::zeros({2, 3}).to(type)));
    EXPECT_FALSE(is_all_zero(at::ones({2, 3}).to(type)));
  }
  EXPECT_FALSE(is_all_zero(at::zeros({2}, at::kLong)));
}

}  // namespace
}  // namespace vit::test
