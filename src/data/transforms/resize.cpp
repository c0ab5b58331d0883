#include "catalog.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace vit {
namespace {

struct ResizeConfig {
  Extent size;
  double scale = 1;
  std::optional<Interpolation> interpolation;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ResizeConfig::size>(
            "Resulting size, height and width; 0: `scale` times the model's.", non_negative),
        field<&ResizeConfig::scale>(
            "Times the model's size, where size is 0: 1.1667 makes 448 of 384, which leaves "
            "random_crop something to choose.",
            above(0.0), at_most(16.0)),
        field<&ResizeConfig::interpolation>("Filter; null: that of `input`.")};
  }
};

class Resize final : public PlannedTransform {
 public:
  Resize(Extent size, Interpolation interpolation) : size_(size), interpolation_(interpolation) {}

  std::optional<CropPlan> plan(Extent image, Random) const override {
    return resize_plan({0, 0, image.height, image.width}, size_, interpolation_);
  }

 private:
  Extent size_;
  Interpolation interpolation_;
};

std::unique_ptr<Transform> build_resize(const ResizeConfig& config,
                                        const TransformContext& context) {
  const auto scaled = [&](int64_t side) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(side) * config.scale));
  };
  const Extent size = config.size.is_set()
                          ? config.size
                          : Extent{scaled(context.image.height), scaled(context.image.width)};
  return std::make_unique<Resize>(size, config.interpolation.value_or(context.interpolation));
}

struct ResizeShorterConfig {
  int64_t size = 0;
  std::optional<Interpolation> interpolation;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ResizeShorterConfig::size>(
            "Resulting length of the shorter side; 0: so that the model's size just fits in.",
            non_negative),
        field<&ResizeShorterConfig::interpolation>("Filter; null: that of `input`.")};
  }
};

class ResizeShorter final : public PlannedTransform {
 public:
  ResizeShorter(Extent covered, Interpolation interpolation)
      : covered_(covered), interpolation_(interpolation) {}

  std::optional<CropPlan> plan(Extent image, Random) const override {
    return resize_plan({0, 0, image.height, image.width}, covering_extent(image, covered_),
                       interpolation_);
  }

 private:
  Extent covered_;
  Interpolation interpolation_;
};

std::unique_ptr<Transform> build_resize_shorter(const ResizeShorterConfig& config,
                                                const TransformContext& context) {
  return std::make_unique<ResizeShorter>(config.size > 0 ? square(config.size) : context.image,
                                         config.interpolation.value_or(context.interpolation));
}

}  // namespace

void add_resize(Transforms::Catalog& catalog) {
  catalog.add<ResizeConfig>("resize", "Resizes to a size whatever the image's shape.",
                            build_resize);
}

void add_resize_shorter(Transforms::Catalog& catalog) {
  catalog.add<ResizeShorterConfig>("resize_shorter",
                                   "Resizes the shorter side to a length and keeps the shape.",
                                   build_resize_shorter);
}

}  // namespace vit
