// What the augmenting transforms draw: which operators, how often, where.
#include "vit/core/error.hpp"
#include "vit/data/transform.hpp"

#include "data/transforms/blur.hpp"
#include "data/transforms/operators.hpp"
#include "transform_from_yaml.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace vit {
namespace {

std::unique_ptr<Transform> from_yaml(const std::string& text) {
  return test::transform_from_yaml(text, {square(24), Interpolation::kBilinear});
}

Image noise() {
  Image image(20, 24, 3);
  Random random(11);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
  return image;
}

// How often each of the results comes up, by index; those that are none of them under -1.
std::map<int, int> count_results(const Transform& transform, const std::vector<Image>& results) {
  std::map<int, int> counts;
  for (uint64_t key = 0; key < 1600; ++key) {
    const Image result = transform.apply(noise(), Random(2).at(key));
    const auto found = std::ranges::find(results, result);
    ++counts[found == results.end() ? -1 : static_cast<int>(found - results.begin())];
  }
  return counts;
}

// Both signs of every operator.
std::vector<Image> outcomes(std::span<const detail::LeveledOperator> operators, double level,
                            const detail::OperatorStyle& style) {
  std::vector<Image> all;
  for (const auto& op : operators) {
    if (op.kind == detail::Operator::kCutout) continue;
    for (uint64_t key = 0; key < 16; ++key) {
      Random random(key);
      Image image = detail::apply_operation(noise(), op.at(level, random), style, random);
      if (std::ranges::find(all, image) == all.end()) all.push_back(std::move(image));
    }
  }
  return all;
}

TEST(RandAugment, DrawsBigVisionsOperatorsEvenly) {
  const detail::OperatorStyle style{detail::Arithmetic::kTensorflow};
  const auto results = outcomes(detail::big_vision_operators(), 1, style);
  EXPECT_EQ(results.size(), 10u + 2 * 5);
  const auto counts =
      count_results(*from_yaml("{name: randaug, layers: 1, magnitude: 1}"), results);
  EXPECT_EQ(counts.size(), results.size() + 1);  // and cutout
  // 100 each, 50 of either sign.
  for (auto [index, count] : counts) {
    EXPECT_GT(count, 25) << index;
    EXPECT_LT(count, 145) << index;
  }
}

TEST(RandAugment, AppliesTimmsOperatorsHalfOfTheTime) {
  const auto results = outcomes(detail::timm_increasing_operators(), 7, {});
  const std::string what =
      "{name: randaugment, operators: timm_increasing, layers: 1, filter: nearest";
  auto counts = count_results(*from_yaml(what + ", magnitude: 7}"), results);
  EXPECT_NEAR(counts[-1], 800, 80);  // as it was
  counts.erase(-1);
  EXPECT_EQ(counts.size(), results.size());
  // No further than level 10 unless told.
  const auto strongest = outcomes(detail::timm_increasing_operators(), 10, {});
  counts = count_results(*from_yaml(what + ", magnitude: 15, probability: 1}"), strongest);
  EXPECT_EQ(counts.count(-1), 0u);
  counts =
      count_results(*from_yaml(what + ", magnitude: 15, most: 15, probability: 1}"), strongest);
  EXPECT_GT(counts[-1], 700);
}

TEST(RandAugment, WithoutLayersOrProbabilityDoesNothing) {
  for (const char* what : {"{name: randaugment, layers: 0}", "{name: randaugment, probability: 0}"})
    EXPECT_EQ(count_results(*from_yaml(what), {noise()})[0], 1600);
}

TEST(RandAugment, NoiseSpreadsTheMagnitude) {
  const auto results = outcomes(detail::timm_increasing_operators(), 7, {});
  for (const char* noise : {"0.5", "101"}) {
    const auto transform = from_yaml(
        "{name: randaugment, operators: timm_increasing, layers: 1, filter: nearest, magnitude: 7, "
        "probability: 1, noise: " +
        std::string(noise) + "}");
    EXPECT_GT(count_results(*transform, results)[-1], 400) << noise;
  }
}

TEST(AutoAugment, KnowsItsPolicies) {
  for (const char* policy : {"original", "originalr", "v0", "v0r"}) {
    const auto transform = from_yaml("{name: autoaugment, policy: " + std::string(policy) + "}");
    EXPECT_LT(count_results(*transform, {noise()})[0], 500) << policy;
  }
  EXPECT_THROW(from_yaml("{name: autoaugment, policy: v1}"), ConfigError);
}

TEST(TrivialAugment, LeavesAtLeastOneFourteenthAlone) {
  auto counts = count_results(*from_yaml("{name: trivial_augment}"), {noise()});
  EXPECT_GT(counts[0], 1600 / 14 - 40);
  EXPECT_LT(counts[0], 400);
}

TEST(ThreeAugment, IsOneOfThree) {
  Image gray = noise(), solarized = noise();
  detail::grayscale(gray);
  detail::solarize(solarized, 128);
  const auto counts = count_results(*from_yaml("{name: three_augment}"), {gray, solarized});
  for (int result : {-1, 0, 1}) EXPECT_NEAR(counts.at(result), 533, 80);
}

TEST(ColorJitter, StaysWithinItsRanges) {
  Image even(4, 4, 3);
  std::ranges::fill(even.pixels, uint8_t{100});
  const auto transform =
      from_yaml("{name: color_jitter, brightness: 0.3, contrast: 0, saturation: 0}");
  uint8_t least = 255, most = 0;
  for (uint64_t key = 0; key < 500; ++key) {
    const uint8_t value = transform->apply(even, Random(2).at(key)).pixels[0];
    least = std::min(least, value);
    most = std::max(most, value);
  }
  EXPECT_GE(least, 69);
  EXPECT_LT(least, 73);
  EXPECT_GT(most, 127);
  EXPECT_LE(most, 130);
}

TEST(ColorJitter, AppliesItsFactorsInEveryOrder) {
  // Brightness 1.8 cuts off what contrast then pulls in, or the other way round.
  const auto transform =
      from_yaml("{name: color_jitter, brightness: 0.9, contrast: 0.9, saturation: 0.9, hue: 0.5}");
  EXPECT_EQ(count_results(*transform, {noise()}).count(0), 0u);
  const auto idle = from_yaml("{name: color_jitter, brightness: 0, contrast: 0, saturation: 0}");
  EXPECT_EQ(count_results(*idle, {noise()})[0], 1600);
}

struct Hole {
  int64_t pixels = 0;
  bool is_one_colour = true;
};

Hole hole_in(const Image& before, const Image& after) {
  Hole hole;
  const uint8_t* colour = nullptr;
  for (int64_t i = 0; i < before.extent().area(); ++i) {
    const uint8_t *from = before.pixels.data() + 3 * i, *to = after.pixels.data() + 3 * i;
    if (std::equal(from, from + 3, to)) continue;
    ++hole.pixels;
    if (colour == nullptr) colour = to;
    hole.is_one_colour = hole.is_one_colour && std::equal(colour, colour + 3, to);
  }
  return hole;
}

TEST(RandomErasing, ErasesPartsOfTheGivenArea) {
  Image image(64, 64, 3);  // black, which the mean is not
  for (const char* mode : {"const", "rand", "pixel"}) {
    const auto transform = from_yaml(
        "{name: random_erasing, probability: 0.5, area: [0.1, 0.2], mode: " + std::string(mode) +
        "}");
    int erased = 0;
    for (uint64_t key = 0; key < 400; ++key) {
      const Image result = transform->apply(image, Random(5).at(key));
      const Hole hole = hole_in(image, result);
      if (hole.pixels == 0) continue;
      ++erased;
      EXPECT_EQ(hole.is_one_colour, mode != std::string("pixel"));
      if (mode == std::string("const")) {
        EXPECT_GT(hole.pixels, 64 * 64 * 0.09);
        EXPECT_LT(hole.pixels, 64 * 64 * 0.22);
        EXPECT_EQ(*std::ranges::max_element(result.pixels), 128);
      }
    }
    EXPECT_NEAR(erased, 200, 45) << mode;
  }
}

TEST(Cutout, FillsASquareThatTheBorderMayCut) {
  const auto transform = from_yaml("{name: cutout, half_size: 3, fill: 9}");
  Image image(20, 24, 3);
  int64_t most = 0;
  for (uint64_t key = 0; key < 400; ++key) {
    const Hole hole = hole_in(image, transform->apply(image, Random(5).at(key)));
    EXPECT_TRUE(hole.is_one_colour);
    EXPECT_GE(hole.pixels, 9);
    most = std::max(most, hole.pixels);
  }
  EXPECT_EQ(most, 36);
}

TEST(GaussianBlur, RefusesRangesThatAreNone) {
  EXPECT_THROW(from_yaml("{name: gaussian_blur, sigma: [2, 1]}"), ConfigError);
  EXPECT_THROW(from_yaml("{name: random_erasing, area: [0.3]}"), ConfigError);
}

}  // namespace
}  // namespace vit
