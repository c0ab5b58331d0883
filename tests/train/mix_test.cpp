// Mixing of training batches: the arithmetic against timm and big_vision, and what is drawn.
#include "vit/train/mix.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/files.hpp"
#include "vit/optim/loss.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "support/golden.hpp"
#include "train/mix/blend.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <set>

namespace vit::test {
namespace {

using Json = nlohmann::json;

constexpr int64_t kClasses = 5;

struct TwoSections {
  MixSection mix{"none"};
  LossSection loss{"softmax"};
  static constexpr auto describe() {
    return std::tuple{config::field<&TwoSections::mix>("Mix."),
                      config::field<&TwoSections::loss>("Loss.")};
  }
};

std::unique_ptr<Mix> mix_of(const std::string& keys) {
  const auto document = config::Document::from_text("mix: {name: " + keys + "}\n", "test.yaml");
  return config::read<TwoSections>(document).mix.build(kClasses);
}

std::unique_ptr<Loss> loss_of(const std::string& keys) {
  const auto document = config::Document::from_text("loss: {name: " + keys + "}\n", "test.yaml");
  return config::read<TwoSections>(document).loss.build();
}

Batch batch_of(const at::Tensor& images, const at::Tensor& classes) {
  Batch batch;
  batch.images = images;
  batch.targets = classes;
  return batch;
}

Batch rows_of(const Batch& batch, const at::Tensor& rows) {
  return batch_of(batch.images.index_select(0, rows), batch.targets.index_select(0, rows));
}

double apart(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

// ---- arithmetic

class MixGolden : public testing::Test {
 protected:
  at::Tensor golden(const std::string& name) const { return file_.tensor("mix/" + name); }
  double number(const std::string& name) const { return golden(name).item<double>(); }

  TensorFile file_{golden_dir() / "augment.safetensors"};
  Batch batch_ = batch_of(golden("x"), golden("labels"));
  Extent image_{batch_.images.size(2), batch_.images.size(3)};
};

TEST_F(MixGolden, MixupWithAPermutation) {
  const Blend blend = mixup_blend(number("lambda"), image_);
  const Batch mixed =
      blended(batch_, rows_of(batch_, golden("perm")), std::vector{blend}, kClasses);
  EXPECT_LE(apart(mixed.images, golden("mixup_x")), 1e-6);
  EXPECT_LE(apart(mixed.targets, golden("mixup_y")), 1e-6);
}

TEST_F(MixGolden, CutmixWithABox) {
  const at::Tensor corners = golden("cutmix_box_y0y1x0x1");
  const auto corner = [&](int64_t i) { return corners[i].item<int64_t>(); };
  const Blend blend{.box = {corner(0), corner(2), corner(1) - corner(0), corner(3) - corner(2)},
                    .keep = 0};
  EXPECT_NEAR(1 - blend.given(image_), number("cutmix_lambda"), 1e-6);
  const Batch mixed =
      blended(batch_, rows_of(batch_, golden("perm")), std::vector{blend}, kClasses);
  EXPECT_TRUE(at::equal(mixed.images, golden("cutmix_x")));
  EXPECT_LE(apart(mixed.targets, golden("cutmix_y")), 1e-6);
}

TEST_F(MixGolden, BigVisionRollsByOne) {
  const at::Tensor before = (at::arange(6) + 5).remainder(6);
  const Blend blend = mixup_blend(number("bigvision_a"), image_);
  const Batch mixed = blended(batch_, rows_of(batch_, before), std::vector{blend}, kClasses);
  EXPECT_LE(apart(mixed.images, golden("bigvision_x")), 1e-6);
  EXPECT_LE(apart(mixed.targets, golden("bigvision_y")), 1e-6);
}

TEST_F(MixGolden, TimmFlipsAndSmoothsBeforehand) {
  const Blend blend = mixup_blend(number("lambda"), image_);
  const Batch mixed =
      blended(batch_, rows_of(batch_, 5 - at::arange(6)), std::vector{blend}, kClasses);
  EXPECT_LE(apart(mixed.images, golden("timm_mixup_x_flip")), 1e-6);
  // A loss that smooths mixed targets is timm's of mixed smoothed targets.
  const at::Tensor logits = at::randn({6, kClasses}),
                   smoothed = golden("timm_target_flip_smooth0.1");
  const double ours =
      (*loss_of("softmax, label_smoothing: 0.1"))(logits, mixed.targets).item<double>();
  EXPECT_NEAR(ours, (*loss_of("softmax"))(logits, smoothed).item<double>(), 1e-5);
  const at::Tensor twice = at::lerp(smoothed, at::full_like(smoothed, 1.0 / kClasses), 0.1);
  EXPECT_GT(std::abs(ours - (*loss_of("softmax"))(logits, twice).item<double>()), 1e-3);
}

TEST_F(MixGolden, SigmoidSmoothsMixedTargetsAsItWouldEach) {
  const Batch partners = rows_of(batch_, golden("perm"));
  const Batch mixed = blended(batch_, partners, std::vector{mixup_blend(0.7, image_)}, kClasses);
  const at::Tensor logits = at::randn({6, kClasses});
  const auto loss = loss_of("sigmoid, label_smoothing: 0.1");
  const double own = (*loss)(logits, batch_.targets).item<double>(),
               other = (*loss)(logits, partners.targets).item<double>();
  EXPECT_NEAR((*loss)(logits, mixed.targets).item<double>(), 0.7 * own + 0.3 * other, 1e-5);
}

TEST(CutmixBox, IsTimms) {
  const Json cases = Json::parse(read_text(golden_dir() / "augment_ops.json")).at("cutmix_boxes");
  ASSERT_FALSE(cases.empty());
  for (const Json& one : cases) {
    SCOPED_TRACE(one.dump());
    const Extent image{one.at("H"), one.at("W")};
    const Blend blend = cutmix_blend(one.at("lam"), one.at("center_y"), one.at("center_x"), image);
    const Box& box = blend.box;
    const std::vector<int64_t> corners = {box.top, box.top + box.height, box.left,
                                          box.left + box.width};
    EXPECT_EQ(corners, one.at("box_yl_yh_xl_xh").get<std::vector<int64_t>>());
    EXPECT_NEAR(1 - blend.given(image), one.at("lam_corrected").get<double>(), 1e-12);
  }
}

TEST(Blended, GivesEveryRowItsOwn) {
  const Extent image{4, 6};
  const Batch batch = batch_of(at::rand({3, 2, 4, 6}), at::tensor({0, 1, 2}, at::kLong)),
              partners = rows_of(batch, at::tensor({2, 0, 1}, at::kLong));
  const std::vector<Blend> blends = {
      {}, mixup_blend(0.25, image), {.box = {1, 2, 3, 4}, .keep = 0}};
  const Batch mixed = blended(batch, partners, blends, kClasses);
  EXPECT_TRUE(at::equal(mixed.images[0], batch.images[0]));
  EXPECT_LE(apart(mixed.images[1], 0.25 * batch.images[1] + 0.75 * batch.images[0]), 1e-6);
  const auto box = [](const at::Tensor& x) { return x.narrow(1, 1, 3).narrow(2, 2, 4); };
  EXPECT_TRUE(at::equal(box(mixed.images[2]), box(batch.images[1])));
  at::Tensor outside = mixed.images[2].clone();
  box(outside).copy_(box(batch.images[2]));
  EXPECT_TRUE(at::equal(outside, batch.images[2]));
  const at::Tensor targets =
      at::tensor({1.0F, 0.0F, 0.0F, 0.75F, 0.25F, 0.0F, 0.0F, 0.5F, 0.5F}).view({3, 3});
  EXPECT_LE(apart(mixed.targets.narrow(1, 0, 3), targets), 1e-6);
  EXPECT_EQ(mixed.targets.narrow(1, 3, 2).abs().max().item<double>(), 0.0);
}

// ---- what is drawn

// Image i is i everywhere and of class i: the pixels of a mixed batch say where they are from.
Batch numbered(int64_t size, Extent image = {16, 12}) {
  const at::Tensor numbers = at::arange(size);
  return batch_of(
      numbers.to(at::kFloat).view({size, 1, 1, 1}).expand({size, 3, image.height, image.width}),
      numbers.remainder(kClasses));
}

const std::vector<std::string> kMixing = {"mixup",
                                          "mixup, partner: roll",
                                          "mixup, per: element, probability: 0.5",
                                          "mixup, per: pair",
                                          "cutmix",
                                          "cutmix, per: element",
                                          "mixup_or_cutmix",
                                          "mixup_or_cutmix, per: pair",
                                          "mixup_or_cutmix, per: element"};

TEST(Mix, IsAFunctionOfTheKeyAndLeavesItsInput) {
  const Batch batch = numbered(8), copy = batch_of(batch.images.clone(), batch.targets.clone());
  for (const std::string& keys : kMixing) {
    SCOPED_TRACE(keys);
    const auto mix = mix_of(keys);
    std::set<double> sums;
    for (uint64_t key = 0; key < 12; ++key) {
      const Batch a = (*mix)(batch, Random(1).at(key)), b = (*mix)(batch, Random(1).at(key));
      EXPECT_TRUE(at::equal(a.images, b.images));
      EXPECT_TRUE(at::equal(a.targets, b.targets));
      sums.insert(a.targets.square().sum().item<double>());
    }
    EXPECT_GT(sums.size(), 6u);
    EXPECT_TRUE(at::equal(batch.images, copy.images));
    EXPECT_TRUE(at::equal(batch.targets, copy.targets));
  }
}

TEST(Mix, TargetsSumToOneAndFollowThePixels) {
  for (const std::string& keys : kMixing) {
    SCOPED_TRACE(keys);
    const auto mix = mix_of(keys);
    for (uint64_t key = 0; key < 30; ++key) {
      const Batch mixed = (*mix)(numbered(5), Random(2).at(key));
      ASSERT_EQ(mixed.targets.sizes(), (std::vector<int64_t>{5, kClasses}));
      EXPECT_EQ(mixed.targets.scalar_type(), at::kFloat);
      EXPECT_EQ(mixed.size(), 5);
      EXPECT_LE(apart(mixed.targets.sum(1), at::ones({5})), 1e-6);
      EXPECT_GE(mixed.targets.min().item<double>(), 0.0);
      // The mean pixel is the mean number under the label: the area that was replaced, or lambda.
      const at::Tensor number = mixed.targets.matmul(at::arange(5).to(at::kFloat));
      EXPECT_LE(apart(mixed.images.mean({1, 2, 3}), number), 1e-5);
    }
  }
}

TEST(Mix, PartnersAreTheMirroredOrThePrevious) {
  const std::map<std::string, std::vector<int64_t>> partners = {
      {"mixup, partner: flip", {4, 3, 2, 1, 0}},
      {"mixup, partner: roll", {4, 0, 1, 2, 3}},
      {"cutmix", {4, 3, 2, 1, 0}},
      {"mixup_or_cutmix", {4, 3, 2, 1, 0}}};
  for (const auto& [keys, partner] : partners) {
    SCOPED_TRACE(keys);
    for (uint64_t key = 0; key < 20; ++key) {
      const at::Tensor targets = (*mix_of(keys))(numbered(5), Random(3).at(key)).targets;
      for (int64_t i = 0; i < 5; ++i) {
        const int64_t j = partner[static_cast<size_t>(i)];
        const double pair = targets[i][i].item<double>() + targets[i][j].item<double>();
        EXPECT_NEAR(i == j ? pair / 2 : pair, 1.0, 1e-6);
      }
      // big_vision keeps the larger part of the image itself.
      const double own = targets[0][0].item<double>();
      EXPECT_GE(own, keys.ends_with("roll") ? 0.5 : 0.0);
    }
  }
}

TEST(Mix, DrawsForABatchAPairOrAnElement) {
  for (uint64_t key = 0; key < 10; ++key) {
    const auto own = [&](const char* keys) {
      return (*mix_of(keys))(numbered(4), Random(4).at(key)).targets.diagonal().contiguous();
    };
    const at::Tensor batch = own("mixup, alpha: 1"), pair = own("mixup, alpha: 1, per: pair"),
                     element = own("mixup, alpha: 1, per: element");
    EXPECT_EQ(apart(batch, batch[0]), 0.0);
    EXPECT_TRUE(at::equal(pair, pair.flip(0)));
    EXPECT_GT(apart(pair[0], pair[1]), 0.0);
    EXPECT_GT(apart(element, element.flip(0)), 0.0);
  }
}

TEST(Mix, OftenAsItSays) {
  int64_t mixed = 0, boxes = 0;
  constexpr int64_t kBatches = 1000;
  const auto mix =
      mix_of("mixup_or_cutmix, probability: 0.6, switch_probability: 0.25, mixup: 1, cutmix: 1");
  for (uint64_t key = 0; key < kBatches; ++key) {
    const at::Tensor image = (*mix)(numbered(2, {8, 8}), Random(5).at(key)).images[0];
    const double low = image.min().item<double>(), high = image.max().item<double>();
    mixed += high > 0 ? 1 : 0;
    boxes += high > 0 && (low == 0 || low == 1) ? 1 : 0;  // pixels of one or the other
  }
  // CutMix boxes of less than a pixel are none: hence a little less.
  EXPECT_NEAR(static_cast<double>(mixed), 0.6 * kBatches, 50);
  EXPECT_NEAR(static_cast<double>(boxes), 0.15 * kBatches, 40);
}

TEST(Mix, NoneKeepsClassNumbers) {
  const Batch batch = numbered(4), same = (*mix_of("none"))(batch, Random(0));
  EXPECT_TRUE(same.images.is_same(batch.images));
  EXPECT_TRUE(same.targets.is_same(batch.targets));
}

}  // namespace
}  // namespace vit::test
