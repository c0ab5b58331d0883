#include "catalog.hpp"
#include "operators.hpp"

namespace vit {
namespace {

struct CutoutConfig {
  int64_t half_size = 40;
  double probability = 1.0;
  int64_t fill = 128;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&CutoutConfig::half_size>(
            "Half the side of the square; about its centre, which may lie anywhere in "
            "the image. What reaches over the border is lost.",
            non_negative),
        field<&CutoutConfig::probability>("How often an image is cut.", in_range(0.0, 1.0)),
        field<&CutoutConfig::fill>("Gray level of the square.", in_range(0.0, 255.0))};
  }
};

class Cutout final : public Transform {
 public:
  explicit Cutout(const CutoutConfig& config)
      : half_size_(config.half_size),
        probability_(config.probability),
        fill_(detail::fill_color(config.fill, {0})) {}

  Image apply(Image image, Random random) const override {
    if (!random.chance(probability_)) return image;
    const int64_t y = random.below(image.height), x = random.below(image.width);
    detail::cut_out(image, {y, x}, half_size_, fill_);
    return image;
  }

 private:
  int64_t half_size_;
  double probability_;
  detail::Color fill_;
};

std::unique_ptr<Transform> build_cutout(const CutoutConfig& config, const TransformContext&) {
  return std::make_unique<Cutout>(config);
}

}  // namespace

void add_cutout(Transforms::Catalog& catalog) {
  catalog.add<CutoutConfig>("cutout", "Fills a square with gray (DeVries & Taylor 2017).",
                            build_cutout);
}

}  // namespace vit
