// torchvision's ColorJitter on Pillow images: four factors drawn, applied in random order.
#include "catalog.hpp"
#include "point_operators.hpp"

#include <algorithm>

namespace vit {
namespace {

struct ColorJitterConfig {
  double brightness = 0.4;
  double contrast = 0.4;
  double saturation = 0.4;
  double hue = 0;
  double probability = 1.0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ColorJitterConfig::brightness>(
            "The factor lies between 1 - this (at least 0) and 1 + this; so the next two.",
            non_negative),
        field<&ColorJitterConfig::contrast>("Likewise.", non_negative),
        field<&ColorJitterConfig::saturation>("Likewise.", non_negative),
        field<&ColorJitterConfig::hue>("Largest turn of the hue, in parts of the circle.",
                                       in_range(0.0, 0.5)),
        field<&ColorJitterConfig::probability>("How often an image is changed.",
                                               in_range(0.0, 1.0))};
  }
};

class ColorJitter final : public Transform {
 public:
  explicit ColorJitter(const ColorJitterConfig& config) : config_(config) {}

  Image apply(Image image, Random random) const override {
    if (!random.chance(config_.probability)) return image;
    const auto factor = [&](double extent) {
      return static_cast<float>(random.uniform(std::max(0.0, 1 - extent), 1 + extent));
    };
    const float brightness = factor(config_.brightness), contrast = factor(config_.contrast),
                saturation = factor(config_.saturation);
    const double turn = random.uniform(-config_.hue, config_.hue);
    std::array order{0, 1, 2, 3};
    for (int64_t i = 3; i > 0; --i) {  // Fisher-Yates
      std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(random.below(i + 1))]);
    }
    constexpr auto kPillow = detail::Arithmetic::kPillow;
    for (int which : order) {
      if (which == 0) detail::brightness(image, brightness);
      if (which == 1) detail::contrast(image, contrast, kPillow);
      if (which == 2) detail::color(image, saturation, kPillow);
      // The way through HSV and back costs colours; without a range it is not taken.
      if (which == 3 && config_.hue > 0) detail::shift_hue(image, turn);
    }
    return image;
  }

 private:
  ColorJitterConfig config_;
};

std::unique_ptr<Transform> build_color_jitter(const ColorJitterConfig& config,
                                              const TransformContext&) {
  return std::make_unique<ColorJitter>(config);
}

}  // namespace

void add_color_jitter(Transforms::Catalog& catalog) {
  catalog.add<ColorJitterConfig>("color_jitter", "Random brightness, contrast, saturation and hue.",
                                 build_color_jitter);
}

}  // namespace vit
