// RandAugment (Cubuk et al. 2020): a few operators drawn at random, all at one magnitude. The two
// implementations that published models were trained with differ in operators, arithmetic and
// habits:
//   big_vision       16 operators with TensorFlow's arithmetic, always applied, magnitudes above 10
//                    go on growing
//   timm             15 operators (no cutout; shifts relative to the size) with Pillow's, each
//                    applied with probability 0.5, magnitude at most 10 and optionally noisy
//   timm_increasing  the same, every operator growing in strength with the magnitude
#include "catalog.hpp"
#include "operators.hpp"

#include <algorithm>

namespace vit {
namespace {

using detail::OperatorFilter;

struct RandAugmentConfig {
  enum class Operators { kBigVision, kTimm, kTimmIncreasing };
  friend constexpr auto enum_names(Operators) {
    return std::array{std::pair{"big_vision", Operators::kBigVision},
                      std::pair{"timm", Operators::kTimm},
                      std::pair{"timm_increasing", Operators::kTimmIncreasing}};
  }

  Operators operators = Operators::kBigVision;
  int64_t layers = 2;
  double magnitude = 10;
  double noise = 0;
  std::optional<double> most = {};
  std::optional<double> probability = {};
  OperatorFilter filter = OperatorFilter::kRandom;
  std::optional<int64_t> fill = {};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RandAugmentConfig::operators>(
            "Whose operators. big_vision: 16, as TensorFlow computes them, which the AugReg models "
            "were trained with; timm: 15, as Pillow computes them; timm_increasing: those that "
            "grow "
            "in strength with the magnitude (`inc1`)."),
        field<&RandAugmentConfig::layers>("How many operators an image gets, one after another.",
                                          non_negative),
        field<&RandAugmentConfig::magnitude>(
            "Strength; 10 is the usual full scale. 0 is not without effect.", non_negative),
        field<&RandAugmentConfig::noise>("Standard deviation of the magnitude (`mstd`); above 100: "
                                         "uniform between 0 and the magnitude.",
                                         non_negative),
        field<&RandAugmentConfig::most>(
            "Largest magnitude after noise; null: 10, big_vision unlimited.", positive),
        field<&RandAugmentConfig::probability>(
            "How often each of them is applied; null: 0.5, big_vision 1.", in_range(0.0, 1.0)),
        field<&RandAugmentConfig::filter>(
            "How timm's geometric operators look between pixels. "
            "random: bilinear or bicubic. big_vision: always nearest."),
        field<&RandAugmentConfig::fill>(
            "Gray level 0..255 outside the image; null: the mean of `input`, big_vision 128.",
            in_range(0.0, 255.0))};
  }
};

class RandAugment final : public Transform {
 public:
  RandAugment(const RandAugmentConfig& config, const TransformContext& context)
      : layers_(config.layers), magnitude_(config.magnitude), noise_(config.noise) {
    using Operators = RandAugmentConfig::Operators;
    const bool big_vision = config.operators == Operators::kBigVision;
    if (big_vision) {
      const auto all = detail::big_vision_operators();
      operators_.assign(all.begin(), all.end());
    } else {
      operators_ = config.operators == Operators::kTimm ? detail::timm_operators()
                                                        : detail::timm_increasing_operators();
    }
    most_ = config.most;
    if (!most_ && !big_vision) most_ = 10;
    probability_ = config.probability.value_or(big_vision ? 1.0 : 0.5);
    style_ = {big_vision ? detail::Arithmetic::kTensorflow : detail::Arithmetic::kPillow,
              config.filter,
              big_vision ? detail::fill_color(config.fill.value_or(128), context.mean)
                         : detail::fill_color(config.fill, context.mean)};
  }

  Image apply(Image image, Random random) const override {
    for (int64_t layer = 0; layer < layers_; ++layer) {
      Random draw = random.at(static_cast<uint64_t>(layer));
      const auto which = static_cast<size_t>(draw.below(static_cast<int64_t>(operators_.size())));
      if (!draw.chance(probability_)) continue;
      const detail::Operation operation = operators_[which].at(drawn_magnitude(draw), draw);
      image = detail::apply_operation(std::move(image), operation, style_, draw);
    }
    return image;
  }

 private:
  double drawn_magnitude(Random& random) const {
    const double magnitude = std::max(detail::noisy_level(magnitude_, noise_, random), 0.0);
    return most_ ? std::min(magnitude, *most_) : magnitude;
  }

  std::vector<detail::LeveledOperator> operators_;
  int64_t layers_;
  double magnitude_, noise_;
  std::optional<double> most_;
  double probability_ = 1;
  detail::OperatorStyle style_;
};

std::unique_ptr<Transform> build_randaugment(const RandAugmentConfig& config,
                                             const TransformContext& context) {
  return std::make_unique<RandAugment>(config, context);
}

}  // namespace

void add_randaugment(Transforms::Catalog& catalog) {
  catalog
      .add<RandAugmentConfig>("randaugment", "A few random operators at one magnitude.",
                              build_randaugment)
      .alias("randaug")
      .preset("randaugment_deit",
              {.operators = RandAugmentConfig::Operators::kTimmIncreasing,
               .magnitude = 9,
               .noise = 0.5,
               .filter = OperatorFilter::kBicubic},
              "What DeiT and MAE train with: timm's rand-m9-mstd0.5-inc1, given `bicubic`.");
}

}  // namespace vit
