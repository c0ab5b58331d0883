// The tables that turn a level into an argument, after timm's auto_augment and big_vision's
// archive/autoaugment. Level 0 is not "no change": invert, autocontrast and equalize know no level,
// and a factor of 0.1 leaves next to nothing.
#include "vit/core/error.hpp"

#include "operators.hpp"

#include <algorithm>
#include <string>

namespace vit::detail {
namespace {

constexpr double kMostLevel = 10;

double share(double level) { return level / kMostLevel; }
double signed_(double value, Random& random) { return random.chance(0.5) ? -value : value; }
double whole(double value) { return static_cast<double>(static_cast<int64_t>(value)); }

double none(double, Random&) { return 0; }
double degrees(double level, Random& random) { return signed_(share(level) * 30, random); }
double slope(double level, Random& random) { return signed_(share(level) * 0.3, random); }
// 100 pixels: big_vision's constant, and timm's for images of 224.
double pixels(double level, Random& random) { return signed_(share(level) * 100, random); }
double fraction(double level, Random& random) { return signed_(share(level) * 0.45, random); }
double factor(double level, Random&) { return share(level) * 1.8 + 0.1; }
double factor_about_one(double level, Random& random) {
  return std::max(0.1, 1.0 + signed_(share(level) * 0.9, random));
}
double bits(double level, Random&) { return whole(share(level) * 4); }
double fewer_bits(double level, Random&) { return 4 - whole(share(level) * 4); }
double bits_above_four(double level, Random&) { return 4 + whole(share(level) * 4); }
double threshold(double level, Random&) { return whole(share(level) * 256); }
double threshold_at_most(double level, Random&) {
  return std::min(256.0, whole(share(level) * 256));
}
double falling_threshold(double level, Random& random) {
  return 256 - threshold_at_most(level, random);
}
double addition(double level, Random&) { return whole(share(level) * 110); }
double addition_at_most(double level, Random&) {
  return std::min(128.0, whole(share(level) * 110));
}
double half_side(double level, Random&) { return whole(share(level) * 40); }

constexpr LeveledOperator kTimm[] = {
    {"AutoContrast", Operator::kAutocontrast, none},
    {"Equalize", Operator::kEqualize, none},
    {"Invert", Operator::kInvert, none},
    {"Rotate", Operator::kRotate, degrees},
    {"Posterize", Operator::kPosterize, bits},
    {"PosterizeIncreasing", Operator::kPosterize, fewer_bits},
    {"PosterizeOriginal", Operator::kPosterize, bits_above_four},
    {"Solarize", Operator::kSolarize, threshold_at_most},
    {"SolarizeIncreasing", Operator::kSolarize, falling_threshold},
    {"SolarizeAdd", Operator::kSolarizeAdd, addition_at_most},
    {"Color", Operator::kColor, factor},
    {"ColorIncreasing", Operator::kColor, factor_about_one},
    {"Contrast", Operator::kContrast, factor},
    {"ContrastIncreasing", Operator::kContrast, factor_about_one},
    {"Brightness", Operator::kBrightness, factor},
    {"BrightnessIncreasing", Operator::kBrightness, factor_about_one},
    {"Sharpness", Operator::kSharpness, factor},
    {"SharpnessIncreasing", Operator::kSharpness, factor_about_one},
    {"ShearX", Operator::kShearX, slope},
    {"ShearY", Operator::kShearY, slope},
    {"TranslateX", Operator::kTranslateX, pixels},
    {"TranslateY", Operator::kTranslateY, pixels},
    {"TranslateXRel", Operator::kTranslateXRel, fraction},
    {"TranslateYRel", Operator::kTranslateYRel, fraction},
};

// Levels above 10 simply go on.
constexpr LeveledOperator kBigVision[] = {
    {"AutoContrast", Operator::kAutocontrast, none},
    {"Equalize", Operator::kEqualize, none},
    {"Invert", Operator::kInvert, none},
    {"Rotate", Operator::kRotate, degrees},
    {"Posterize", Operator::kPosterize, bits},
    {"Solarize", Operator::kSolarize, threshold},
    {"Color", Operator::kColor, factor},
    {"Contrast", Operator::kContrast, factor},
    {"Brightness", Operator::kBrightness, factor},
    {"Sharpness", Operator::kSharpness, factor},
    {"ShearX", Operator::kShearX, slope},
    {"ShearY", Operator::kShearY, slope},
    {"TranslateX", Operator::kTranslateX, pixels},
    {"TranslateY", Operator::kTranslateY, pixels},
    {"Cutout", Operator::kCutout, half_side},
    {"SolarizeAdd", Operator::kSolarizeAdd, addition},
};

std::vector<LeveledOperator> named(std::initializer_list<std::string_view> names) {
  std::vector<LeveledOperator> found;
  for (std::string_view name : names) found.push_back(timm_operator(name));
  return found;
}

}  // namespace

double noisy_level(double level, double noise, Random& random) {
  if (noise > 100) return random.uniform(0, level);
  return noise > 0 ? level + noise * random.normal() : level;
}

const LeveledOperator& timm_operator(std::string_view name) {
  const auto* found = std::ranges::find(kTimm, name, &LeveledOperator::name);
  VIT_CHECK(found != std::end(kTimm), "no operator is called " + std::string(name));
  return *found;
}

std::span<const LeveledOperator> big_vision_operators() { return kBigVision; }

std::vector<LeveledOperator> timm_operators() {
  return named({"AutoContrast", "Equalize", "Invert", "Rotate", "Posterize", "Solarize",
                "SolarizeAdd", "Color", "Contrast", "Brightness", "Sharpness", "ShearX", "ShearY",
                "TranslateXRel", "TranslateYRel"});
}

std::vector<LeveledOperator> timm_increasing_operators() {
  return named({"AutoContrast", "Equalize", "Invert", "Rotate", "PosterizeIncreasing",
                "SolarizeIncreasing", "SolarizeAdd", "ColorIncreasing", "ContrastIncreasing",
                "BrightnessIncreasing", "SharpnessIncreasing", "ShearX", "ShearY", "TranslateXRel",
                "TranslateYRel"});
}

}  // namespace vit::detail
