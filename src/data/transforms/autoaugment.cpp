// AutoAugment (Cubuk et al. 2019): one of 25 learned pairs of operators, each with its probability
// and level. ImageNet's policies as timm has them, operators with Pillow's arithmetic.
#include "catalog.hpp"
#include "operators.hpp"

#include <algorithm>

namespace vit {
namespace {

using detail::OperatorFilter;

struct AutoAugmentConfig {
  enum class Policy { kOriginal, kOriginalR, kV0, kV0R };
  friend constexpr auto enum_names(Policy) {
    return std::array{std::pair{"original", Policy::kOriginal},
                      std::pair{"originalr", Policy::kOriginalR}, std::pair{"v0", Policy::kV0},
                      std::pair{"v0r", Policy::kV0R}};
  }

  Policy policy = Policy::kOriginal;
  double noise = 0;
  OperatorFilter filter = OperatorFilter::kRandom;
  std::optional<int64_t> fill = {};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&AutoAugmentConfig::policy>(
            "original: the paper's; v0: that of EfficientNet's code; originalr, v0r: with "
            "posterize keeping fewer bits at higher levels."),
        field<&AutoAugmentConfig::noise>("Standard deviation of the levels (`mstd`); above 100: "
                                         "uniform between 0 and the level.",
                                         non_negative),
        field<&AutoAugmentConfig::filter>(
            "How geometric operators look between pixels. random: bilinear or bicubic."),
        field<&AutoAugmentConfig::fill>(
            "Gray level 0..255 outside the image; null: the mean of `input`.",
            in_range(0.0, 255.0))};
  }
};

struct Step {
  const char* name;
  double probability;
  double level;
};
using Pair = std::array<Step, 2>;

// "Posterize*" stands for the policy's own variant.
constexpr Pair kOriginal[] = {
    {{{"Posterize*", 0.4, 8}, {"Rotate", 0.6, 9}}},
    {{{"Solarize", 0.6, 5}, {"AutoContrast", 0.6, 5}}},
    {{{"Equalize", 0.8, 8}, {"Equalize", 0.6, 3}}},
    {{{"Posterize*", 0.6, 7}, {"Posterize*", 0.6, 6}}},
    {{{"Equalize", 0.4, 7}, {"Solarize", 0.2, 4}}},
    {{{"Equalize", 0.4, 4}, {"Rotate", 0.8, 8}}},
    {{{"Solarize", 0.6, 3}, {"Equalize", 0.6, 7}}},
    {{{"Posterize*", 0.8, 5}, {"Equalize", 1.0, 2}}},
    {{{"Rotate", 0.2, 3}, {"Solarize", 0.6, 8}}},
    {{{"Equalize", 0.6, 8}, {"Posterize*", 0.4, 6}}},
    {{{"Rotate", 0.8, 8}, {"Color", 0.4, 0}}},
    {{{"Rotate", 0.4, 9}, {"Equalize", 0.6, 2}}},
    {{{"Equalize", 0.0, 7}, {"Equalize", 0.8, 8}}},
    {{{"Invert", 0.6, 4}, {"Equalize", 1.0, 8}}},
    {{{"Color", 0.6, 4}, {"Contrast", 1.0, 8}}},
    {{{"Rotate", 0.8, 8}, {"Color", 1.0, 2}}},
    {{{"Color", 0.8, 8}, {"Solarize", 0.8, 7}}},
    {{{"Sharpness", 0.4, 7}, {"Invert", 0.6, 8}}},
    {{{"ShearX", 0.6, 5}, {"Equalize", 1.0, 9}}},
    {{{"Color", 0.4, 0}, {"Equalize", 0.6, 3}}},
    {{{"Equalize", 0.4, 7}, {"Solarize", 0.2, 4}}},
    {{{"Solarize", 0.6, 5}, {"AutoContrast", 0.6, 5}}},
    {{{"Invert", 0.6, 4}, {"Equalize", 1.0, 8}}},
    {{{"Color", 0.6, 4}, {"Contrast", 1.0, 8}}},
    {{{"Equalize", 0.8, 8}, {"Equalize", 0.6, 3}}},
};

constexpr Pair kV0[] = {
    {{{"Equalize", 0.8, 1}, {"ShearY", 0.8, 4}}},
    {{{"Color", 0.4, 9}, {"Equalize", 0.6, 3}}},
    {{{"Color", 0.4, 1}, {"Rotate", 0.6, 8}}},
    {{{"Solarize", 0.8, 3}, {"Equalize", 0.4, 7}}},
    {{{"Solarize", 0.4, 2}, {"Solarize", 0.6, 2}}},
    {{{"Color", 0.2, 0}, {"Equalize", 0.8, 8}}},
    {{{"Equalize", 0.4, 8}, {"SolarizeAdd", 0.8, 3}}},
    {{{"ShearX", 0.2, 9}, {"Rotate", 0.6, 8}}},
    {{{"Color", 0.6, 1}, {"Equalize", 1.0, 2}}},
    {{{"Invert", 0.4, 9}, {"Rotate", 0.6, 0}}},
    {{{"Equalize", 1.0, 9}, {"ShearY", 0.6, 3}}},
    {{{"Color", 0.4, 7}, {"Equalize", 0.6, 0}}},
    {{{"Posterize*", 0.4, 6}, {"AutoContrast", 0.4, 7}}},
    {{{"Solarize", 0.6, 8}, {"Color", 0.6, 9}}},
    {{{"Solarize", 0.2, 4}, {"Rotate", 0.8, 9}}},
    {{{"Rotate", 1.0, 7}, {"TranslateYRel", 0.8, 9}}},
    {{{"ShearX", 0.0, 0}, {"Solarize", 0.8, 4}}},
    {{{"ShearY", 0.8, 0}, {"Color", 0.6, 4}}},
    {{{"Color", 1.0, 0}, {"Rotate", 0.6, 2}}},
    {{{"Equalize", 0.8, 4}, {"Equalize", 0.0, 8}}},
    {{{"Equalize", 1.0, 4}, {"AutoContrast", 0.6, 2}}},
    {{{"ShearY", 0.4, 7}, {"SolarizeAdd", 0.6, 7}}},
    {{{"Posterize*", 0.8, 2}, {"Solarize", 0.6, 10}}},
    {{{"Solarize", 0.6, 8}, {"Equalize", 0.6, 1}}},
    {{{"Color", 0.8, 6}, {"Rotate", 0.4, 5}}},
};

class AutoAugment final : public Transform {
 public:
  AutoAugment(const AutoAugmentConfig& config, const TransformContext& context)
      : noise_(config.noise) {
    style_ = {detail::Arithmetic::kPillow, config.filter,
              detail::fill_color(config.fill, context.mean)};
    using Policy = AutoAugmentConfig::Policy;
    const bool original = config.policy == Policy::kOriginal || config.policy == Policy::kOriginalR;
    const std::string_view posterize = config.policy == Policy::kOriginal ? "PosterizeOriginal"
                                       : config.policy == Policy::kV0     ? "Posterize"
                                                                          : "PosterizeIncreasing";
    for (const Pair& pair : original ? std::span<const Pair>(kOriginal) : std::span(kV0)) {
      for (const Step& step : pair) {
        const std::string_view name = step.name;
        steps_.push_back({detail::timm_operator(name == "Posterize*" ? posterize : name),
                          step.probability, step.level});
      }
    }
  }

  Image apply(Image image, Random random) const override {
    const auto first =
        2 * static_cast<size_t>(random.below(static_cast<int64_t>(steps_.size() / 2)));
    for (size_t i = first; i < first + 2; ++i) {
      Random draw = random.at(i - first);
      if (!draw.chance(steps_[i].probability)) continue;
      const double level =
          std::clamp(detail::noisy_level(steps_[i].level, noise_, draw), 0.0, 10.0);
      const detail::Operation operation = steps_[i].kind.at(level, draw);
      image = detail::apply_operation(std::move(image), operation, style_, draw);
    }
    return image;
  }

 private:
  struct ResolvedStep {
    detail::LeveledOperator kind;
    double probability, level;
  };

  std::vector<ResolvedStep> steps_;  // two and two
  double noise_;
  detail::OperatorStyle style_;
};

std::unique_ptr<Transform> build_autoaugment(const AutoAugmentConfig& config,
                                             const TransformContext& context) {
  return std::make_unique<AutoAugment>(config, context);
}

}  // namespace

void add_autoaugment(Transforms::Catalog& catalog) {
  catalog.add<AutoAugmentConfig>("autoaugment",
                                 "One of 25 pairs of operators that were learned on ImageNet.",
                                 build_autoaugment);
}

}  // namespace vit
