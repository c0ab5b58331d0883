#include "catalog.hpp"

namespace vit {
namespace {

struct FlipConfig {
  double probability = 0.5;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&FlipConfig::probability>("How often an image is mirrored.", in_range(0.0, 1.0))};
  }
};

class Flip final : public Transform {
 public:
  explicit Flip(const FlipConfig& config) : probability_(config.probability) {}

  Image apply(Image image, Random random) const override {
    if (random.chance(probability_)) flip_horizontally(image);
    return image;
  }

 private:
  double probability_;
};

std::unique_ptr<Transform> build_flip(const FlipConfig& config, const TransformContext&) {
  return std::make_unique<Flip>(config);
}

}  // namespace

void add_flip(Transforms::Catalog& catalog) {
  catalog.add<FlipConfig>("flip", "Mirrors left and right.", build_flip).alias("flip_lr");
}

}  // namespace vit
