// Every entry and preset of the model catalogue, shrunk so that it runs in no time: builds, trains,
// has sound names and costs.
#include "vit/models/preset_input.hpp"
#include "vit/runtime/precision.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"

#include <gtest/gtest.h>

#include <set>

namespace vit::test {
namespace {

void shrink(VitConfig& config) {
  config.image = {2 * config.patch.height, 3 * config.patch.width};
  if (config.trunk) {
    config.patch = {2, 2};
    config.image = {64, 96};
    for (int64_t& units : config.trunk->layers) units = 1;
    config.trunk->width = 0.5;
  }
  config.depth = 2;
  config.width = 8 * config.heads;
  config.mlp = 24;
  config.head_zero_init = false;
}

void shrink(ResNetConfig& config) {
  config.image = {48, 64};
  config.layers = {1, 1};
  config.width = 0.5;  // 32 channels in the stem: one for each group of the norm
  config.head_zero_init = false;
}

// The named model with its kind of parts, but few and narrow ones.
std::unique_ptr<Model> shrunk(const std::string& name, int64_t channels) {
  auto section = Models::catalog().make(name);
  if (auto* vit = section.mutate<VitConfig>()) shrink(*vit);
  if (auto* bit = section.mutate<ResNetConfig>()) shrink(*bit);
  auto model = section.build({.classes = 7, .channels = channels, .seed = Random(5)});
  // Post-activation units start as the identity, with a scale of zero behind their convolutions:
  // none of these would get a gradient in the first step.
  const NoGrad no_gradients;
  for (const auto& [parameter, tensor] : model->parameters()) {
    if (parameter.ends_with("norm3.weight")) tensor.fill_(0.5);
  }
  return model;
}

class EveryModel : public testing::TestWithParam<std::string> {};

TEST_P(EveryModel, TrainsWhenShrunk) {
  const auto model = shrunk(GetParam(), 1);
  const Extent size = model->input_size();
  const at::Tensor images = at::randn({3, 1, size.height, size.width}), labels = at::arange(3);
  const Pass pass = run_pass(*model, images, labels);
  EXPECT_EQ(pass.logits.sizes(), at::IntArrayRef({3, 7}));
  EXPECT_EQ(pass.logits.scalar_type(), at::kFloat);
  EXPECT_TRUE(pass.logits.isfinite().all().item<bool>());
  for (const auto& [name, grad] : pass.grads) {
    ASSERT_TRUE(grad.defined()) << name;
    EXPECT_TRUE(grad.isfinite().all().item<bool>()) << name;
    EXPECT_GT(max_abs(grad), 0.0) << name;
  }
}

TEST_P(EveryModel, HasSoundTensors) {
  const auto model = shrunk(GetParam(), 3);
  std::set<std::string> names;
  for (const auto& [name, tensor] : model->parameters()) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(tensor.is_leaf() && tensor.requires_grad() && tensor.is_contiguous()) << name;
    EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
  }
  for (const auto& [name, tensor] : model->buffers()) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_FALSE(tensor.requires_grad()) << name;
  }
  EXPECT_EQ(state_dict(*model).size(), names.size());
}

// Bfloat16 moves the gradients of a small convolutional network with group norm and ReLU by up to a
// third of their length (timm's trunk under autocast does the same: 0.2 to 0.33 in such a network).
// There the length of the difference is bounded, elsewhere each value.
void expect_near(const std::string& name, const at::Tensor& rounded, const at::Tensor& exact) {
  const bool is_convolutional = name.find("stem.") != std::string::npos ||
                                name.find("stages.") != std::string::npos ||
                                name.find("backbone.") != std::string::npos;
  if (is_convolutional) {
    EXPECT_LE((rounded - exact).norm().item<double>(), 0.02 + 0.5 * exact.norm().item<double>())
        << name;
  } else {
    EXPECT_LE(distance(rounded, exact), 0.02 + 0.1 * max_abs(exact)) << name;
  }
}

// With bfloat16 products the result stays near, and gradients arrive in the precision of the
// weights.
TEST_P(EveryModel, RunsInBfloat16) {
  const auto model = shrunk(GetParam(), 3);
  const Extent size = model->input_size();
  const at::Tensor images = at::randn({2, 3, size.height, size.width}), labels = at::arange(2);
  const Pass exact = run_pass(*model, images, labels);
  {
    const AutocastGuard autocast(at::kCPU, Precision::kBf16);
    const at::Tensor logits = model->forward(images, Mode::kEval);
    EXPECT_EQ(logits.scalar_type(), at::kBFloat16);
    EXPECT_LE(distance(logits.to(at::kFloat), exact.logits.detach()), 0.1);
    for (const auto& [name, tensor] : model->parameters()) tensor.mutable_grad() = at::Tensor();
    at::cross_entropy_loss(logits.to(at::kFloat), labels).backward();
  }
  for (const auto& [name, tensor] : model->parameters()) {
    EXPECT_EQ(tensor.grad().scalar_type(), at::kFloat) << name;
    expect_near(name, tensor.grad(), exact.grads.at(name));
  }
}

TEST_P(EveryModel, HasAFullSizeOutline) {
  const auto model = Models::catalog()
                         .make(GetParam())
                         .build({.classes = 1000, .allocation = Allocation::kShapesOnly});
  EXPECT_GT(parameter_count(*model), 0);
  EXPECT_GT(model->cost().macs, 0);
  EXPECT_EQ(model->classes(), 1000);
  EXPECT_EQ(model->channels(), 3);
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryModel, testing::ValuesIn(Models::catalog().names()),
                         [](const auto& info) { return test_name(info.param); });

TEST(ModelNames, PaperAndTimmNamesAreAliases) {
  const Models::Catalog& models = Models::catalog();
  EXPECT_EQ(models.canonical("ViT-B/16"), "vit_b16");
  EXPECT_EQ(models.canonical("vit_base_patch16_224"), "vit_b16");
  EXPECT_EQ(models.canonical("vit_base_patch16_384"), "vit_b16_384");
  EXPECT_EQ(models.canonical("ViT-H/14"), "vit_h14");
  EXPECT_EQ(models.canonical("deit_tiny_patch16_224"), "deit_ti16");
  EXPECT_EQ(models.canonical("R50+ViT-B/16"), "vit_r50_b16");
  EXPECT_EQ(models.canonical("vit_tiny_r_s16_p8_384"), "vit_r_ti16_384");
  for (const char* name : {"BiT-R50x1", "BiT-M-R50x1", "BiT-S-R50x1", "resnetv2_50x1_bit"}) {
    EXPECT_EQ(models.canonical(name), "bit_r50x1") << name;
  }
  EXPECT_EQ(models.canonical("R50x1"), "bit_v1_r50x1");  // the ViT paper's name for its own
}

// Dimensions for which timm's lists hold no entry, from the counts of the papers.
TEST(ModelNames, ParameterCounts) {
  const std::pair<const char*, int64_t> counts[] = {
      {"vit_s8", 22055272},
      {"vit_s14", 22004584},
      {"vit_m16", 38837736},
      {"vit_b14", 86475496},
      {"vit_l14", 304203752},
      {"vit_so400m14", 413597656},
      {"vit_h16", 632199400},
      {"vit_giant14", 1012611432},
      {"vit_gigantic14", 1844440680},
      {"deit_s16_distilled", 22436432},
      {"deit_b16_distilled", 87338192},
      {"deit_b16_distilled_384", 87630032},
      {"deit3_s16", 22059496},
      {"deit3_s16_384", 22205416},
      {"deit3_m16", 38849512},
      {"deit3_b16", 86585320},
      {"deit3_b16_384", 86877160},
      {"deit3_l16", 304374760},
      {"deit3_l16_384", 304763880},
  };
  for (const auto& [name, count] : counts) {
    const auto model = Models::catalog().make(name).build(
        {.classes = 1000, .allocation = Allocation::kShapesOnly});
    EXPECT_EQ(parameter_count(*model), count) << name;
  }
  const auto nano = Models::catalog().make("vit_nano7").build({.classes = 10, .channels = 1});
  EXPECT_EQ(parameter_count(*nano), 204938);
}

TEST(PresetInputs, ComeWithPublishedModels) {
  const auto vit = preset_input("ViT-B/16");
  ASSERT_TRUE(vit.has_value());
  EXPECT_EQ(vit->mean[0], 0.5);
  EXPECT_EQ(vit->std[2], 0.5);
  EXPECT_EQ(vit->interpolation, "bicubic");
  EXPECT_EQ(vit->crop, 0.9);
  EXPECT_EQ(preset_input("vit_base_patch16_384")->crop, 1.0);
  EXPECT_EQ(preset_input("vit_small_r26_s32_384")->crop, 1.0);
  EXPECT_EQ(preset_input("resnetv2_50x1_bit")->crop, 0.875);
  EXPECT_EQ(preset_input("BiT-M-R50x1")->interpolation, "bilinear");
  EXPECT_EQ(preset_input("R200x3")->mean[1], 0.5);
  EXPECT_EQ(preset_input("deit_ti16")->mean[0], 0.485);
  EXPECT_EQ(preset_input("deit_ti16")->std[2], 0.225);
  EXPECT_FALSE(preset_input("vit").has_value());
  EXPECT_FALSE(preset_input("vit_nano7").has_value());
  EXPECT_FALSE(preset_input("no such model").has_value());
}

}  // namespace
}  // namespace vit::test
