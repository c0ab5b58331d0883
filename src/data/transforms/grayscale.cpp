#include "catalog.hpp"
#include "point_operators.hpp"

namespace vit {
namespace {

struct GrayscaleConfig {
  double probability = 0.1;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&GrayscaleConfig::probability>("How often an image loses its colours.",
                                                           in_range(0.0, 1.0))};
  }
};

class Grayscale final : public Transform {
 public:
  explicit Grayscale(double probability) : probability_(probability) {}

  Image apply(Image image, Random random) const override {
    if (random.chance(probability_)) detail::grayscale(image);
    return image;
  }

 private:
  double probability_;
};

std::unique_ptr<Transform> build_grayscale(const GrayscaleConfig& config, const TransformContext&) {
  return std::make_unique<Grayscale>(config.probability);
}

}  // namespace

void add_grayscale(Transforms::Catalog& catalog) {
  catalog.add<GrayscaleConfig>("grayscale", "Takes the colours away, as torchvision's.",
                               build_grayscale);
}

}  // namespace vit
