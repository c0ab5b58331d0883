#include "vit/models/masked_patches.hpp"

#include "vit/core/error.hpp"
#include "vit/models/resnet.hpp"
#include "vit/models/vision_transformer.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

// 16 patches of 4 x 4 pixels, class token.
std::unique_ptr<MaskedPatchModel> make_model(int64_t outputs = 8) {
  const ModelArgs args{.classes = 0, .seed = Random(3)};
  const ModelSection section(
      "vit",
      VitConfig{.image = square(16), .patch = square(4), .width = 16, .depth = 1, .heads = 2});
  return std::make_unique<MaskedPatchModel>(section.build(args), outputs, args);
}

Corruption no_corruption(int64_t images, int64_t patches) {
  const at::Tensor own = at::arange(patches).expand({images, patches});
  return {own, at::zeros({images, patches}, at::kBool), own};
}

TEST(MaskedPatches, DrawsTheSharesOfThePaper) {
  at::manual_seed(1);
  const Corruption drawn = draw_corruption(400, 196, {}, at::kCPU);
  EXPECT_EQ(drawn.places.sizes(), at::IntArrayRef({400, 98}));
  const at::Tensor times = at::zeros({400, 196}).scatter_add_(1, drawn.places, at::ones({400, 98}));
  EXPECT_EQ(times.max().item<double>(), 1);  // no patch twice
  const at::Tensor intact = times == 0;
  EXPECT_FALSE(drawn.masked.logical_and(intact).any().item<bool>());
  const at::Tensor swapped = drawn.source != at::arange(196).unsqueeze(0);
  EXPECT_FALSE(swapped.logical_and(intact).any().item<bool>());
  EXPECT_FALSE(swapped.logical_and(drawn.masked).any().item<bool>());
  const double corrupted = 400 * 98;
  EXPECT_NEAR(drawn.masked.sum().item<double>() / corrupted, 0.8, 0.01);
  EXPECT_NEAR(swapped.sum().item<double>() / corrupted, 0.1, 0.01);
  EXPECT_GE(drawn.source.min().item<int64_t>(), 0);
  EXPECT_LT(drawn.source.max().item<int64_t>(), 196);
}

TEST(MaskedPatches, CorruptsTheShareRounded) {
  EXPECT_EQ(corrupted_patches(196, {}), 98);
  EXPECT_EQ(corrupted_patches(49, {.corrupted = 0.5}), 25);
  EXPECT_EQ(corrupted_patches(16, {.corrupted = 0.03}), 0);
}

// What a masked patch showed cannot be told from the output; what another one showed can.
TEST(MaskedPatches, HidesWhatIsMasked) {
  const auto model = make_model();
  at::manual_seed(2);
  const at::Tensor images = at::rand({1, 3, 16, 16});
  at::Tensor changed = images.clone();
  changed.slice(2, 0, 4).slice(3, 4, 8).zero_();  // patch 1
  Corruption corruption = no_corruption(1, 16);
  corruption.masked = corruption.masked.clone();
  corruption.masked[0][1] = true;
  const auto predict = [&](const at::Tensor& x, const Corruption& how) {
    return model->predict(x, Mode::kEval, how);
  };
  EXPECT_TRUE(at::equal(predict(images, corruption), predict(changed, corruption)));
  EXPECT_FALSE(
      at::equal(predict(images, no_corruption(1, 16)), predict(changed, no_corruption(1, 16))));
}

// Two patches that swap their embeddings are two images with swapped patches.
TEST(MaskedPatches, TakesTheEmbeddingOfTheSource) {
  const auto model = make_model();
  at::manual_seed(4);
  const at::Tensor images = at::rand({1, 3, 16, 16});
  at::Tensor swapped = images.clone();
  const auto patch = [](const at::Tensor& x, int64_t column) {
    return x.slice(2, 0, 4).slice(3, 4 * column, 4 * column + 4);
  };
  patch(swapped, 0).copy_(patch(images, 1));
  patch(swapped, 1).copy_(patch(images, 0));
  Corruption corruption = no_corruption(1, 16);
  corruption.source = corruption.source.clone();
  corruption.source[0][0] = 1;
  corruption.source[0][1] = 0;
  EXPECT_TRUE(at::allclose(model->predict(images, Mode::kEval, corruption),
                           model->predict(swapped, Mode::kEval, no_corruption(1, 16))));
}

TEST(MaskedPatches, AddsItsParametersToThoseOfTheNetwork) {
  const auto model = make_model(/*outputs=*/512);
  const NamedTensors& parameters = model->parameters();
  ASSERT_GE(parameters.size(), 3U);
  EXPECT_EQ(parameters.front().name, "cls_token");
  EXPECT_EQ(parameters[parameters.size() - 3].name, "mask_token");
  EXPECT_EQ(find_tensor(parameters, "mask_head.weight")->sizes(), at::IntArrayRef({512, 16}));
  at::Tensor loss =
      model->predict(at::rand({2, 3, 16, 16}), Mode::kTrain, draw_corruption(2, 16, {}, at::kCPU))
          .square()
          .sum();
  loss.backward();
  EXPECT_GT(find_tensor(parameters, "mask_token")->grad().abs().sum().item<double>(), 0);
}

TEST(MaskedPatches, KnowsThePixelsOfAPatch) {
  EXPECT_EQ(make_model()->patch_tokens().pitch, square(4));
  VitConfig config{.image = {32, 21}, .patch = {7, 4}};  // 4 and 1 pixels are left over
  EXPECT_EQ(config.pitch(), (Extent{7, 4}));
  config.image = {64, 60};  // 60: the trunk's last features are half beyond the image
  config.patch = square(2);
  config.trunk = TrunkConfig{.layers = {1, 1}};  // stride 8
  EXPECT_EQ(config.grid(), square(4));
  EXPECT_EQ(config.pitch(), (Extent{16, 15}));
}

TEST(MaskedPatches, NeedsPatches) {
  const ModelArgs args{.classes = 0, .allocation = Allocation::kShapesOnly};
  EXPECT_THROW(MaskedPatchModel(ModelSection("bit_r50x1").build(args), 8, args), ConfigError);
}

}  // namespace
}  // namespace vit
