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

class Flip final : public PlannedTransform {
 public:
  explicit Flip(const FlipConfig& config) : probability_(config.probability) {}

  std::optional<CropPlan> plan(Extent image, Random random) const override {
    CropPlan plan = whole_plan(image);
    plan.mirrored = random.chance(probability_);
    return plan;
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
