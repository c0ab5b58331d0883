// 3-Augment of DeiT III (Touvron et al. 2022): gray, solarized or blurred, one of the three. The
// paper follows it with color_jitter {brightness: 0.3, contrast: 0.3, saturation: 0.3}.
#include "blur.hpp"
#include "catalog.hpp"
#include "point_operators.hpp"

namespace vit {
namespace {

struct ThreeAugmentConfig {
  double probability = 1.0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&ThreeAugmentConfig::probability>(
        "How often an image gets one of the three.", in_range(0.0, 1.0))};
  }
};

class ThreeAugment final : public Transform {
 public:
  explicit ThreeAugment(double probability) : probability_(probability) {}

  Image apply(Image image, Random random) const override {
    if (!random.chance(probability_)) return image;
    switch (random.below(3)) {
      case 0:
        detail::grayscale(image);
        break;
      case 1:
        detail::solarize(image, 128);
        break;
      default:
        detail::gaussian_blur(image, static_cast<float>(random.uniform(0.1, 2.0)));
    }
    return image;
  }

 private:
  double probability_;
};

std::unique_ptr<Transform> build_three_augment(const ThreeAugmentConfig& config,
                                               const TransformContext&) {
  return std::make_unique<ThreeAugment>(config.probability);
}

}  // namespace

void add_three_augment(Transforms::Catalog& catalog) {
  catalog.add<ThreeAugmentConfig>("three_augment", "Gray, solarized or blurred (DeiT III).",
                                  build_three_augment);
}

}  // namespace vit
