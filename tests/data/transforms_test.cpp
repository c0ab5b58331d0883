// Every transform of the catalogue, the distributions of the random ones, and the pipeline that
// ends at the model's size.
#include "vit/core/error.hpp"
#include "vit/core/random.hpp"
#include "vit/data/transform.hpp"

#include "picture_goldens.hpp"
#include "transform_from_yaml.hpp"

#include <cmath>
#include <map>
#include <set>

namespace vit {
namespace {

Image noise(Extent size, int64_t channels) {
  Image image(size.height, size.width, channels);
  Random random(11);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.below(256));
  return image;
}

std::vector<int> values(const Image& image) { return {image.pixels.begin(), image.pixels.end()}; }

std::unique_ptr<Transform> build(const std::string& name, Extent size) {
  return Transforms::catalog().make(name).build({size, Interpolation::kBilinear});
}

// ---- every transform

const std::vector<Extent> kSizes = {{24, 24}, {31, 47}, {90, 26}};

TEST(EveryTransform, DependsOnItsKeyAlone) {
  for (const std::string& name : Transforms::catalog().names()) {
    const auto transform = build(name, square(24));
    for (Extent size : kSizes) {
      for (int64_t channels : {1, 3}) {
        const Image image = noise(size, channels);
        for (uint64_t key = 0; key < 20; ++key) {
          const Image once = transform->apply(image, Random(1).at(key));
          EXPECT_EQ(once, transform->apply(image, Random(1).at(key))) << name;
          EXPECT_EQ(once.channels, channels) << name;
          EXPECT_EQ(once.pixels.size(), static_cast<size_t>(once.extent().area() * channels))
              << name;
        }
      }
    }
  }
}

TEST(EveryTransform, ThatOnlyMovesPixelsKeepsConstantImages) {
  for (const std::string& name : Transforms::catalog().names()) {
    const auto transform = build(name, square(24));
    Image image(40, 50, 3);
    if (!transform->plan(image.extent(), Random(1))) continue;
    std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{77});
    for (uint64_t key = 0; key < 20; ++key) {
      for (uint8_t value : transform->apply(image, Random(1).at(key)).pixels)
        ASSERT_EQ(value, 77) << name;
    }
  }
}

TEST(EveryTransform, ThatResizesOrCropsDefaultsToTheModelsSize) {
  const Extent size{20, 14};
  for (const char* name :
       {"inception_crop", "random_resized_crop", "resize", "center_crop", "random_crop"}) {
    const auto transform = build(name, size);
    for (Extent from : kSizes) {
      EXPECT_EQ(transform->apply(noise(from, 3), Random(2)).extent(), size) << name;
    }
  }
  const Extent covering =
      build("resize_shorter", size)->apply(noise({90, 26}, 3), Random(2)).extent();
  EXPECT_EQ(covering, (Extent{48, 14}));
}

TEST(RandomTransforms, DifferFromKeyToKey) {
  const Image image = noise({90, 100}, 3);
  for (const char* name :
       {"inception_crop", "random_resized_crop", "random_crop", "flip", "randaugment",
        "randaugment_deit", "autoaugment", "trivial_augment", "three_augment", "color_jitter",
        "grayscale", "gaussian_blur", "cutout", "random_erasing"}) {
    const auto transform = build(name, square(24));
    std::set<std::vector<int>> seen;
    for (uint64_t key = 0; key < 20; ++key)
      seen.insert(values(transform->apply(image, Random(1).at(key))));
    EXPECT_GT(seen.size(), 1u) << name;
  }
}

TEST(Flip, MirrorsHalfOfTheImages) {
  const auto flip = build("flip_lr", square(4));
  const Image image = noise({2, 4}, 1);
  Image mirrored = image;
  flip_horizontally(mirrored);
  int flips = 0;
  for (uint64_t key = 0; key < 4000; ++key) {
    const Image result = flip->apply(image, Random(4).at(key));
    ASSERT_TRUE(result == image || result == mirrored);
    flips += result == mirrored;
  }
  EXPECT_NEAR(flips, 2000, 130);  // 4 standard deviations
}

// ---- crops: the part taken is read off an image whose pixels are their own coordinates

constexpr int64_t kSide = 200;

Image coordinates() {
  Image image(kSide, kSide, 3);
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      image.row(y)[x * 3] = static_cast<uint8_t>(x);
      image.row(y)[x * 3 + 1] = static_cast<uint8_t>(y);
    }
  }
  return image;
}

struct Part {
  double height, width;
  double area() const { return height * width / (kSide * kSide); }
};

// Interior columns of a resized ramp grow by width / side each.
Part part_of(const Image& result) {
  const int64_t side = result.width, first = side / 4, last = side - 1 - side / 4;
  const auto slope = [&](int from, int to) {
    return static_cast<double>(to - from) / static_cast<double>(last - first);
  };
  const uint8_t* row = result.row(side / 2);
  const double width = slope(row[first * 3], row[last * 3]) * static_cast<double>(side);
  const double height =
      slope(result.row(first)[side / 2 * 3 + 1], result.row(last)[side / 2 * 3 + 1]) *
      static_cast<double>(side);
  return {height, width};
}

std::vector<Part> drawn_parts(const std::string& name) {
  const auto transform = build(name, square(64));
  const Image image = coordinates();
  std::vector<Part> parts;
  for (uint64_t key = 0; key < 1500; ++key)
    parts.push_back(part_of(transform->apply(image, Random(9).at(key))));
  return parts;
}

double mean_area(const std::vector<Part>& parts) {
  double sum = 0;
  for (const Part& part : parts) sum += part.area();
  return sum / static_cast<double>(parts.size());
}

void expect_bounds(const std::vector<Part>& parts, double least_area, double least_aspect,
                   double most_aspect) {
  double smallest = 1, largest = 0;
  for (const Part& part : parts) {
    smallest = std::min(smallest, part.area());
    largest = std::max(largest, part.area());
    EXPECT_GT(part.width / part.height, least_aspect * 0.93);
    EXPECT_LT(part.width / part.height, most_aspect * 1.07);
  }
  EXPECT_GT(smallest, least_area - 0.01);
  EXPECT_LT(smallest, least_area + 0.03);
  EXPECT_GT(largest, 0.8);
  EXPECT_LT(largest, 1.04);
}

// Aspect uniform, then height uniform between the bounds: the mean of aspect * height^2 by
// numerical integration.
TEST(InceptionCrop, DrawsTensorflowsDistribution) {
  const std::vector<Part> parts = drawn_parts("inception_crop");
  expect_bounds(parts, 0.05, 0.75, 1.33);
  double expected = 0;
  constexpr int kSteps = 1000;
  for (int i = 0; i < kSteps; ++i) {
    const double aspect = 0.75 + (1.33 - 0.75) * (i + 0.5) / kSteps;
    const double low = std::sqrt(0.05 / aspect),
                 high = std::min({1.0, 1 / aspect, std::sqrt(1 / aspect)});
    expected += aspect * (high * high + high * low + low * low) / 3 / kSteps;
  }
  EXPECT_NEAR(mean_area(parts), expected, 0.025);
}

// Area uniform, aspect uniform in the logarithm, redrawn where the part does not fit.
TEST(InceptionCrop, DrawsTorchvisionsDistributionUnderItsName) {
  const std::vector<Part> parts = drawn_parts("random_resized_crop");
  expect_bounds(parts, 0.08, 3.0 / 4, 4.0 / 3);
  double sum = 0;
  int fitting = 0;
  for (int i = 0; i < 400; ++i) {
    for (int j = 0; j < 400; ++j) {
      const double area = 0.08 + 0.92 * (i + 0.5) / 400;
      const double aspect = std::exp(std::log(4.0 / 3) * (2 * (j + 0.5) / 400 - 1));
      if (area * aspect > 1 || area / aspect > 1) continue;
      sum += area;
      ++fitting;
    }
  }
  EXPECT_NEAR(mean_area(parts), sum / fitting, 0.025);
}

TEST(InceptionCrop, CopesWithExtremeShapes) {
  for (const char* name : {"inception_crop", "random_resized_crop"}) {
    const auto transform = build(name, square(8));
    for (Extent size : {Extent{1, 1}, Extent{1, 300}, Extent{300, 1}, Extent{2, 3}}) {
      for (uint64_t key = 0; key < 50; ++key) {
        EXPECT_EQ(transform->apply(noise(size, 3), Random(3).at(key)).extent(), square(8)) << name;
      }
    }
  }
}

TEST(RandomCrop, TakesEveryPlaceAboutEquallyOften) {
  Image image(5, 5, 1);
  for (size_t i = 0; i < 25; ++i) image.pixels[i] = static_cast<uint8_t>(i);
  const auto transform = build("random_crop", square(3));
  std::map<uint8_t, int> corners;
  for (uint64_t key = 0; key < 1800; ++key)
    ++corners[transform->apply(image, Random(6).at(key)).pixels[0]];
  EXPECT_EQ(corners.size(), 9u);
  for (auto [corner, count] : corners) EXPECT_NEAR(count, 200, 60) << int{corner};
}

std::unique_ptr<Transform> from_yaml(const std::string& text) {
  return test::transform_from_yaml(text, {square(3), Interpolation::kBilinear});
}

struct PaddingCase {
  std::string mode;
  std::set<std::vector<int>> rows;  // what a 1x3 image 1 2 3 with padding 2 gives, cut to 1x3
};

TEST(RandomCrop, PadsWithBlackOrReflection) {
  const std::vector<PaddingCase> cases = {
      {"zero", {{0, 0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 0}, {3, 0, 0}}},
      {"reflect", {{3, 2, 1}, {2, 1, 2}, {1, 2, 3}, {2, 3, 2}, {3, 2, 1}}},
  };
  for (const PaddingCase& expected : cases) {
    const auto transform = from_yaml(
        "{name: random_crop, size: [1, 3], padding: 2, padding_mode: " + expected.mode + "}");
    Image image(1, 3, 1);
    image.pixels = {1, 2, 3};
    std::set<std::vector<int>> rows;
    for (uint64_t key = 0; key < 300; ++key) {
      const Image result = transform->apply(image, Random(8).at(key));
      if (values(result) != std::vector<int>{0, 0, 0})
        rows.insert(values(result));  // a padded row above or below
    }
    EXPECT_EQ(rows, expected.rows) << expected.mode;
  }
}

TEST(InceptionCrop, RefusesRangesThatAreNone) {
  EXPECT_NO_THROW(from_yaml("{name: inception_crop, area: [0.2, 0.9], interpolation: bicubic}"));
  EXPECT_THROW(from_yaml("{name: inception_crop, area: [0.9, 0.2]}"), ConfigError);
  EXPECT_THROW(from_yaml("{name: inception_crop, aspect: [1.0]}"), ConfigError);
  EXPECT_THROW(from_yaml("{name: inception_crop, area: [0.2, 1.2]}"), ConfigError);
}

TEST(Crops, RefuseSmallerImagesWithAdvice) {
  for (const char* name : {"center_crop", "random_crop"}) {
    try {
      build(name, square(24))->apply(noise({23, 40}, 3), Random(1));
      ADD_FAILURE() << name;
    } catch (const DataError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("23x40"), std::string::npos) << text;
      EXPECT_NE(text.find("resize_shorter"), std::string::npos) << text;
    }
  }
}

// ---- the pipeline

TEST(Pipeline, EvaluatesAsTimmDoes) {
  int compared = 0;
  for (const test::Json& entry : test::picture_entries("resize_shorter_center_crop")) {
    const int64_t shorter = entry.at("params").at("shorter"), side = entry.at("params").at("crop");
    InputConfig input;
    input.interpolation = test::interpolation_of(entry);
    input.crop = std::map<int64_t, double>{{256, 0.875}, {248, 0.9}, {48, 1.0}}[shorter];
    if (input.crop == 0.0) continue;  // no crop that timm's models use
    const Image image = test::source_image(entry.at("source"));
    if (image.extent() == square(side)) continue;
    test::expect_matches(entry, Pipeline({}, input, square(side)).apply(image, Random(0)), 2);
    ++compared;
  }
  EXPECT_GT(compared, 5);
}

TEST(Pipeline, LeavesImagesOfTheRightSizeAlone) {
  InputConfig input;
  input.crop = 0.5;
  const Image image = noise({12, 10}, 1);
  EXPECT_EQ(Pipeline({}, input, {12, 10}).apply(image, Random(0)), image);
}

TEST(Pipeline, FitsAsTheInputSays) {
  const Image image = noise({30, 17}, 3);
  InputConfig input;
  input.crop = 0.8;
  for (Extent size : {square(12), Extent{9, 16}, Extent{40, 20}}) {
    input.resize = InputConfig::Resize::kShorter;
    EXPECT_EQ(Pipeline({}, input, size).apply(image, Random(0)).extent(), size);
    input.resize = InputConfig::Resize::kSquash;
    EXPECT_EQ(Pipeline({}, input, size).apply(image, Random(0)),
              resize(image, size, Interpolation::kBicubic));
  }
  input.resize = InputConfig::Resize::kNone;
  try {
    Pipeline({}, input, square(12)).apply(image, Random(0));
    ADD_FAILURE();
  } catch (const DataError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("30x17"), std::string::npos) << text;
    EXPECT_NE(text.find("takes 12"), std::string::npos) << text;
  }
}

TEST(Pipeline, GivesEachTransformItsOwnKey) {
  const std::vector<TransformSection> augment = {"random_crop", "flip"};
  const Image image = noise({30, 30}, 3);
  const Pipeline pipeline(augment, InputConfig{}, square(24));
  for (uint64_t key = 0; key < 10; ++key) {
    const Random random = Random(5).at(key);
    const Image cut = build("random_crop", square(24))->apply(image, random.at(0));
    EXPECT_EQ(pipeline.apply(image, random), build("flip", square(24))->apply(cut, random.at(1)));
  }
}

TEST(InputConfig, TakesOneOrThreeChannels) {
  config::Problems problems;
  InputConfig{}.check(problems);
  InputConfig gray;
  gray.mean = gray.std = {0.5};
  gray.check(problems);
  EXPECT_TRUE(problems.empty());
  gray.mean = {0.5, 0.5};
  gray.check(problems);
  EXPECT_EQ(problems.size(), 1u);
}

}  // namespace
}  // namespace vit
