// TrivialAugment (Mueller & Hutter 2021), the wide space: one operator, one strength, both uniform.
// Operators and strengths as torchvision's TrivialAugmentWide on Pillow images.
#include "catalog.hpp"
#include "operators.hpp"

#include <cmath>

namespace vit {
namespace {

using detail::Operation;
using detail::Operator;
using detail::OperatorFilter;

struct TrivialAugmentConfig {
  OperatorFilter filter = OperatorFilter::kNearest;
  int64_t fill = 0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&TrivialAugmentConfig::filter>(
            "How geometric operators look between pixels. random: bilinear or bicubic."),
        field<&TrivialAugmentConfig::fill>("Gray level outside the image.", in_range(0.0, 255.0))};
  }
};

constexpr int64_t kBins = 31;

struct Range {
  Operator kind;
  double most;  // strength 0 to this, of either sign
};

constexpr Range kSigned[] = {
    {Operator::kShearX, 0.99},   {Operator::kShearY, 0.99},   {Operator::kTranslateX, 32},
    {Operator::kTranslateY, 32}, {Operator::kRotate, 135},    {Operator::kBrightness, 0.99},
    {Operator::kColor, 0.99},    {Operator::kContrast, 0.99}, {Operator::kSharpness, 0.99},
};
constexpr Operator kOthers[] = {Operator::kIdentity, Operator::kPosterize, Operator::kSolarize,
                                Operator::kAutocontrast, Operator::kEqualize};

Operation signed_operation(const Range& range, double share, double sign) {
  const double strength = sign * range.most * share;
  switch (range.kind) {
    case Operator::kBrightness:
    case Operator::kColor:
    case Operator::kContrast:
    case Operator::kSharpness:
      return {range.kind, 1 + strength};
    case Operator::kTranslateX:
    case Operator::kTranslateY:
      return {range.kind, std::trunc(strength)};
    default:
      return {range.kind, strength};
  }
}

Operation drawn_operation(Random& random) {
  constexpr auto kNumSigned = static_cast<int64_t>(std::size(kSigned));
  const int64_t which = random.below(kNumSigned + static_cast<int64_t>(std::size(kOthers)));
  const auto bin = static_cast<double>(random.below(kBins));
  constexpr double kLast = kBins - 1;
  if (which < kNumSigned) {
    return signed_operation(kSigned[which], bin / kLast, random.chance(0.5) ? -1.0 : 1.0);
  }
  const Operator kind = kOthers[which - kNumSigned];
  if (kind == Operator::kPosterize) return {kind, 8 - std::nearbyint(bin / (kLast / 6))};
  return {kind, 255 - 255 * bin / kLast};  // the threshold of solarize; the others take nothing
}

class TrivialAugment final : public Transform {
 public:
  explicit TrivialAugment(const TrivialAugmentConfig& config)
      : style_{detail::Arithmetic::kPillow, config.filter, detail::fill_color(config.fill, {0})} {}

  Image apply(Image image, Random random) const override {
    const Operation operation = drawn_operation(random);
    return detail::apply_operation(std::move(image), operation, style_, random);
  }

 private:
  detail::OperatorStyle style_;
};

std::unique_ptr<Transform> build_trivial_augment(const TrivialAugmentConfig& config,
                                                 const TransformContext&) {
  return std::make_unique<TrivialAugment>(config);
}

}  // namespace

void add_trivial_augment(Transforms::Catalog& catalog) {
  catalog.add<TrivialAugmentConfig>("trivial_augment",
                                    "One random operator at a random strength (the wide space).",
                                    build_trivial_augment);
}

}  // namespace vit
