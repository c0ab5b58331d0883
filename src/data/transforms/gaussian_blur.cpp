#include "blur.hpp"
#include "catalog.hpp"

namespace vit {
namespace {

struct GaussianBlurConfig {
  double probability = 0.5;
  std::vector<double> sigma = {0.1, 2.0};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&GaussianBlurConfig::probability>("How often an image is blurred.",
                                                              in_range(0.0, 1.0)),
                      field<&GaussianBlurConfig::sigma>(
                          "Least and largest standard deviation in pixels.", non_negative)};
  }
  void check(config::Problems& problems) const {
    problems.require(sigma.size() == 2 && sigma[0] <= sigma[1], "sigma",
                     "must be two numbers, the smaller one first");
  }
};

class GaussianBlur final : public Transform {
 public:
  explicit GaussianBlur(const GaussianBlurConfig& config) : config_(config) {}

  Image apply(Image image, Random random) const override {
    if (!random.chance(config_.probability)) return image;
    const double sigma = random.uniform(config_.sigma[0], config_.sigma[1]);
    detail::gaussian_blur(image, static_cast<float>(sigma));
    return image;
  }

 private:
  GaussianBlurConfig config_;
};

std::unique_ptr<Transform> build_gaussian_blur(const GaussianBlurConfig& config,
                                               const TransformContext&) {
  return std::make_unique<GaussianBlur>(config);
}

}  // namespace

void add_gaussian_blur(Transforms::Catalog& catalog) {
  catalog.add<GaussianBlurConfig>("gaussian_blur", "Blurs by a random width, as Pillow's filter.",
                                  build_gaussian_blur);
}

}  // namespace vit
