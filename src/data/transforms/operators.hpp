// The operators of RandAugment, AutoAugment and TrivialAugment under one roof: which there are,
// what an argument means to each, and how an argument follows from a level 0..10 in big_vision's
// and in timm's tables.
#pragma once

#include "vit/core/random.hpp"

#include "affine.hpp"
#include "point_operators.hpp"

#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace vit::detail {

enum class Operator {
  kIdentity,
  kAutocontrast,
  kEqualize,
  kInvert,
  kRotate,         // degrees
  kPosterize,      // bits kept
  kSolarize,       // threshold
  kSolarizeAdd,    // added below 128
  kColor,          // factor; so the next three
  kContrast,       //
  kBrightness,     //
  kSharpness,      //
  kShearX,         // slope; so the next
  kShearY,         //
  kTranslateX,     // pixels; so the next
  kTranslateY,     //
  kTranslateXRel,  // share of the width
  kTranslateYRel,  // share of the height
  kCutout,         // half the side
};

struct Operation {
  Operator kind = Operator::kIdentity;
  double argument = 0;
};

// timm draws one of bilinear and bicubic each time: kRandom.
enum class OperatorFilter { kNearest, kBilinear, kBicubic, kRandom };
constexpr auto enum_names(OperatorFilter) {
  return std::array{std::pair{"nearest", OperatorFilter::kNearest},
                    std::pair{"bilinear", OperatorFilter::kBilinear},
                    std::pair{"bicubic", OperatorFilter::kBicubic},
                    std::pair{"random", OperatorFilter::kRandom}};
}

struct OperatorStyle {
  Arithmetic arithmetic = Arithmetic::kPillow;
  OperatorFilter filter = OperatorFilter::kNearest;  // TensorFlow's arithmetic knows nearest only
  Color fill = {128, 128, 128};
};

Image apply_operation(Image image, const Operation& operation, const OperatorStyle& style,
                      Random random);

// A square of side 2 `half` about a place, cut off at the borders: rows y - half to y + half - 1.
void cut_out(Image& image, std::array<int64_t, 2> yx, int64_t half, const Color& fill);

// Fills what an operation leaves open: the argument at that level, its sign drawn where it has one.
struct LeveledOperator {
  std::string_view name;  // as timm and big_vision call it
  Operator kind;
  double (*argument)(double level, Random& random);

  Operation at(double level, Random& random) const { return {kind, argument(level, random)}; }
};

// A level with timm's noise: normal of that deviation, or above 100 uniform between 0 and the
// level.
double noisy_level(double level, double noise, Random& random);

// By timm's names; "Increasing" ones grow in strength with the level.
const LeveledOperator& timm_operator(std::string_view name);

// What RandAugment draws from.
std::span<const LeveledOperator> big_vision_operators();
std::vector<LeveledOperator> timm_operators();
std::vector<LeveledOperator> timm_increasing_operators();

}  // namespace vit::detail
