// Random erasing (Zhong et al. 2020) with timm's shapes and modes. timm erases normalised pixels;
// here they are still bytes, so a value v there is 255 (mean + std v) here, rounded, and what lies
// outside 0..255 is cut off: with mean and std 0.5 the third of a normal distribution beyond one
// standard deviation becomes black or white. The mean itself, `const`, is what it is there but for
// half a level.
#include "catalog.hpp"

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

struct RandomErasingConfig {
  enum class Mode { kConst, kRand, kPixel };
  friend constexpr auto enum_names(Mode) {
    return std::array{std::pair{"const", Mode::kConst}, std::pair{"rand", Mode::kRand},
                      std::pair{"pixel", Mode::kPixel}};
  }

  double probability = 0.25;
  Mode mode = Mode::kPixel;
  std::vector<double> area = {0.02, 1.0 / 3.0};
  std::vector<double> aspect = {0.3, 1.0 / 0.3};
  int64_t count = 1;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RandomErasingConfig::probability>("How often an image loses something.",
                                                 in_range(0.0, 1.0)),
        field<&RandomErasingConfig::mode>("What takes its place. const: the mean of `input`; rand: "
                                          "one normally distributed colour; pixel: one a pixel."),
        field<&RandomErasingConfig::area>("Least and largest part of the image's area.", positive,
                                          at_most(1.0)),
        field<&RandomErasingConfig::aspect>("Least and largest height / width.", positive),
        field<&RandomErasingConfig::count>(
            "Most rectangles an image may lose; they share the area.", positive)};
  }
  void check(config::Problems& problems) const {
    const auto is_range = [](const std::vector<double>& v) {
      return v.size() == 2 && v[0] <= v[1];
    };
    problems.require(is_range(area), "area", "must be two numbers, the smaller one first");
    problems.require(is_range(aspect), "aspect", "must be two numbers, the smaller one first");
  }
};

class RandomErasing final : public Transform {
 public:
  RandomErasing(const RandomErasingConfig& config, const TransformContext& context)
      : config_(config), mean_(context.mean), std_(context.std) {}

  Image apply(Image image, Random random) const override {
    if (!random.chance(config_.probability)) return image;
    const int64_t count = 1 + random.below(config_.count);
    for (int64_t i = 0; i < count; ++i) {
      if (const auto box = draw_box(image.extent(), static_cast<double>(count), random))
        erase(image, *box, random);
    }
    return image;
  }

 private:
  std::optional<Box> draw_box(Extent image, double count, Random& random) const {
    constexpr int kAttempts = 10;
    for (int i = 0; i < kAttempts; ++i) {
      const double area = random.uniform(config_.area[0], config_.area[1]) *
                          static_cast<double>(image.area()) / count;
      const double aspect =
          std::exp(random.uniform(std::log(config_.aspect[0]), std::log(config_.aspect[1])));
      const auto height = static_cast<int64_t>(std::nearbyint(std::sqrt(area * aspect)));
      const auto width = static_cast<int64_t>(std::nearbyint(std::sqrt(area / aspect)));
      if (width >= image.width || height >= image.height) continue;
      const int64_t top = random.below(image.height - height + 1);
      const int64_t left = random.below(image.width - width + 1);
      return Box{top, left, height, width};
    }
    return std::nullopt;
  }

  using Color = std::array<uint8_t, 3>;

  // The colour that normalisation turns into these values.
  template <class Value>
  Color color(Value value) const {
    Color color;
    for (size_t c = 0; c < color.size(); ++c) {
      const double mean = mean_[mean_.size() == 1 ? 0 : c], std = std_[std_.size() == 1 ? 0 : c];
      color[c] = static_cast<uint8_t>(
          std::clamp(std::nearbyint(255 * (mean + std * value())), 0.0, 255.0));
    }
    return color;
  }

  void erase(Image& image, const Box& box, Random& random) const {
    using Mode = RandomErasingConfig::Mode;
    const auto normal = [&] { return random.normal(); };
    Color filling = config_.mode == Mode::kConst ? color([] { return 0.0; }) : color(normal);
    for (int64_t y = box.top; y < box.top + box.height; ++y) {
      for (int64_t x = box.left; x < box.left + box.width; ++x) {
        if (config_.mode == Mode::kPixel) filling = color(normal);
        std::copy_n(filling.begin(), image.channels, image.row(y) + x * image.channels);
      }
    }
  }

  RandomErasingConfig config_;
  std::vector<double> mean_, std_;
};

std::unique_ptr<Transform> build_random_erasing(const RandomErasingConfig& config,
                                                const TransformContext& context) {
  return std::make_unique<RandomErasing>(config, context);
}

}  // namespace

void add_random_erasing(Transforms::Catalog& catalog) {
  catalog.add<RandomErasingConfig>(
      "random_erasing", "Replaces random rectangles by noise or a colour.", build_random_erasing);
}

}  // namespace vit
