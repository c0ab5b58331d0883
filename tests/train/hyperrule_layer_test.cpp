// What the BiT-HyperRule makes of the data, and who has the last word.
#include "vit/train/hyperrule_layer.hpp"

#include "vit/models/vision_transformer.hpp"
#include "vit/train/run_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

config::Document recipe(const std::vector<std::string>& sets) {
  config::Document document = config::Document::from_text(
      "schedule: {name: bit_hyperrule, lr: 0.003}\n"
      "data: {name: synthetic, size: 32, classes: 5, train_examples: 24, val_examples: 8}\n",
      "test");
  for (const std::string& assignment : sets) document.set(assignment);
  return document;
}

RunConfig resolved(const std::vector<std::string>& sets) {
  const config::Document own = recipe(sets);
  config::Document document = config::Document::from_text(hyperrule_layer(own), "rule");
  return read_run_config(document.overlay(own));
}

int64_t side_of(const RunConfig& config) { return config.model.as<VitConfig>()->image.height; }

std::vector<std::string> names_of(const std::vector<TransformSection>& sections) {
  std::vector<std::string> names;
  for (const TransformSection& section : sections) names.push_back(section.name());
  return names;
}

TEST(HyperRuleLayer, SetsStepsSizeAndAugmentation) {
  const RunConfig config = resolved({});
  EXPECT_EQ(config.steps, Duration::steps(500));
  EXPECT_EQ(side_of(config), 128);
  EXPECT_THAT(names_of(config.augment), testing::ElementsAre("resize", "random_crop", "flip"));
}

TEST(HyperRuleLayer, LooksAtTheSizeOfTheImages) {
  EXPECT_EQ(side_of(resolved({"data.size=95"})), 128);
  EXPECT_EQ(side_of(resolved({"data.size=96"})), 480);
}

TEST(HyperRuleLayer, CountsTheImagesThatAreTrainedOn) {
  EXPECT_EQ(resolved({"data.train_examples=20000"}).steps, Duration::steps(10'000));
  EXPECT_EQ(resolved({"data.train_examples=20000", "data.count=19999"}).steps,
            Duration::steps(500));
  EXPECT_EQ(resolved({"data.train_examples=500000"}).steps, Duration::steps(20'000));
}

TEST(HyperRuleLayer, LeavesTheLastWordToTheUser) {
  const RunConfig config =
      resolved({"steps=7 steps", "model.image=64", "augment=[{name: inception_crop}]"});
  EXPECT_EQ(config.steps, Duration::steps(7));
  EXPECT_EQ(side_of(config), 64);
  EXPECT_THAT(names_of(config.augment), testing::ElementsAre("inception_crop"));
}

TEST(HyperRuleLayer, IsForItsScheduleOnly) {
  EXPECT_EQ(
      hyperrule_layer(recipe({"schedule={name: cosine}", "data={name: folder, root: /nowhere}"})),
      "");
}

}  // namespace
}  // namespace vit::test
