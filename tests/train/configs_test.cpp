// Every configuration in configs/: it can be read, says what it is for, and a small version of it
// trains.
#include "vit/core/files.hpp"
#include "vit/models/resnet.hpp"
#include "vit/models/vision_transformer.hpp"
#include "vit/train/assemble.hpp"
#include "vit/train/update.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace vit::test {
namespace {

const fs::path kConfigs = fs::path(VIT_SOURCE_DIR) / "configs";

config::Document shipped(const std::string& name) {
  return config::Document::from_file(name, {kConfigs});
}

config::Document with_small_data(config::Document document) {
  document.set(
      "data={name: synthetic, size: 40, classes: 5, train_examples: 24, val_examples: 8, "
      "train: train, val: val}");
  return document;
}

// The same kind of network with everything cut down that costs time.
ModelSection small(const ModelSection& section) {
  if (const auto* given = section.as<VitConfig>()) {
    VitConfig vit = *given;
    vit.image = square(16);
    vit.patch = square(8);
    vit.width = vit.mlp = 16;
    vit.heads = 2;
    vit.depth = 1;
    if (vit.trunk) {
      vit.trunk = TrunkConfig{.layers = {1}, .width = 0.5};
      vit.patch = square(1);
    }
    if (vit.representation_size > 0) vit.representation_size = vit.width;
    return {"vit", vit};
  }
  ResNetConfig resnet = *section.as<ResNetConfig>();
  resnet.image = square(16);
  resnet.layers = {1, 1};
  resnet.width = 0.5;
  return {"bit", resnet};
}

RunConfig small_run(config::Document document) {
  document = with_small_data(std::move(document));
  for (const char* assignment :
       {"device=cpu", "steps=3 steps", "batch={examples: 4, accumulate: 2}", "loader.threads=1",
        "eval={every: 0 steps, batch: 8}", "checkpoint.every=0 steps"}) {
    document.set(assignment);
  }
  RunConfig config = read_run_config(document);
  config.model = small(config.model);
  return config;
}

// Not those of vit-sweep and vit-vtab, which have tests of their own.
std::vector<std::string> training_configs() {
  std::vector<std::string> names = config::shipped_configs({kConfigs});
  std::erase_if(names, [](const std::string& name) {
    return name.starts_with("sweeps/") || name.starts_with("suites/");
  });
  return names;
}

class Config : public testing::TestWithParam<std::string> {};

// As --check does. Where a configuration leaves the data to the user, vit-finetune's --data brings
// them.
TEST_P(Config, CanBeRead) {
  config::Document document = shipped(GetParam());
  if (!document.contains("data.name")) document = with_small_data(std::move(document));
  EXPECT_NO_THROW(read_run_config(document));
}

TEST_P(Config, TrainsThreeSteps) {
  const auto parts = assemble(small_run(shipped(GetParam())));
  const at::Tensor before = parts->parameters->values().clone();
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  double loss = 0;
  for (int64_t step = 0; step < 3; ++step)
    loss = update_weights(*parts, *batches, guard, step).loss.item<double>();
  EXPECT_TRUE(std::isfinite(loss));
  EXPECT_LT(guard.first_bad_step(), 0);
  EXPECT_FALSE(at::equal(before, parts->parameters->values()));
}

TEST_P(Config, OpensWithWhatItIsFor) {
  const std::string text = read_text(kConfigs / (GetParam() + ".yaml"));
  EXPECT_TRUE(text.starts_with("# "));
  const bool is_recipe = GetParam().starts_with("pretrain/") || GetParam().starts_with("finetune/");
  if (!is_recipe) return;
  EXPECT_THAT(text, testing::HasSubstr("\n# Cost: "));
  EXPECT_THAT(text, testing::HasSubstr("\n# Expected"));
}

double head_bias(const ModelSection& section) {
  const auto* vit = section.as<VitConfig>();
  return vit != nullptr ? vit->head_bias : section.as<ResNetConfig>()->head_bias;
}

// With thousands of classes the sigmoid loss goes wrong from a bias of 0. A base cannot give it: a
// row that names another model starts its section afresh.
TEST_P(Config, SigmoidStartsWithFewPositives) {
  config::Document document = with_small_data(shipped(GetParam()));
  const RunConfig config = read_run_config(document);
  if (!GetParam().starts_with("pretrain/") || config.loss.name() != "sigmoid") return;
  EXPECT_LT(head_bias(config.model), -6);
}

INSTANTIATE_TEST_SUITE_P(Shipped, Config, testing::ValuesIn(training_configs()),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace vit::test
