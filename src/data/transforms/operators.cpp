// All reference outputs of Pillow, timm and TensorFlow are met exactly, filtered geometry included.
// What no reference covers: a solarize threshold above 255 (big_vision at magnitudes from 10)
// inverts nothing here.
#include "operators.hpp"

#include "vit/core/error.hpp"

#include <algorithm>

namespace vit::detail {
namespace {

Affine map_of(const Operation& operation, Extent image, Arithmetic arithmetic) {
  const double argument = operation.argument;
  switch (operation.kind) {
    case Operator::kRotate:
      return arithmetic == Arithmetic::kPillow ? pillow_rotation(image, argument)
                                               : tensorflow_rotation(image, argument);
    case Operator::kShearX:
      return shear_x(argument);
    case Operator::kShearY:
      return shear_y(argument);
    case Operator::kTranslateX:
      return translation(argument, 0);
    case Operator::kTranslateY:
      return translation(0, argument);
    case Operator::kTranslateXRel:
      return translation(argument * static_cast<double>(image.width), 0);
    case Operator::kTranslateYRel:
      return translation(0, argument * static_cast<double>(image.height));
    default:
      VIT_CHECK(false, "a geometric operator");
  }
  return {};
}

AffineFilter filter_of(OperatorFilter filter, Random& random) {
  switch (filter) {
    case OperatorFilter::kNearest:
      return AffineFilter::kNearest;
    case OperatorFilter::kBilinear:
      return AffineFilter::kBilinear;
    case OperatorFilter::kBicubic:
      return AffineFilter::kBicubic;
    case OperatorFilter::kRandom:
      break;
  }
  return random.chance(0.5) ? AffineFilter::kBilinear : AffineFilter::kBicubic;
}

Image move(const Image& image, const Operation& operation, const OperatorStyle& style,
           Random& random) {
  const Affine map = map_of(operation, image.extent(), style.arithmetic);
  if (style.arithmetic == Arithmetic::kTensorflow)
    return tensorflow_transform(image, map, style.fill);
  return pillow_transform(image, map, filter_of(style.filter, random), style.fill);
}

}  // namespace

void cut_out(Image& image, std::array<int64_t, 2> yx, int64_t half, const Color& fill) {
  const int64_t top = std::max<int64_t>(yx[0] - half, 0);
  const int64_t bottom = std::min(yx[0] + half, image.height);
  const int64_t left = std::max<int64_t>(yx[1] - half, 0);
  const int64_t right = std::min(yx[1] + half, image.width);
  for (int64_t y = top; y < bottom; ++y) {
    for (int64_t x = left; x < right; ++x)
      std::copy_n(fill.begin(), image.channels, image.row(y) + x * image.channels);
  }
}

Image apply_operation(Image image, const Operation& operation, const OperatorStyle& style,
                      Random random) {
  const auto factor = static_cast<float>(operation.argument);
  const auto whole = static_cast<int64_t>(operation.argument);
  const Arithmetic arithmetic = style.arithmetic;
  switch (operation.kind) {
    case Operator::kIdentity:
      break;
    case Operator::kAutocontrast:
      autocontrast(image, arithmetic);
      break;
    case Operator::kEqualize:
      equalize(image);
      break;
    case Operator::kInvert:
      invert(image);
      break;
    case Operator::kPosterize:
      posterize(image, whole, arithmetic);
      break;
    case Operator::kSolarize:
      solarize(image, operation.argument);
      break;
    case Operator::kSolarizeAdd:
      solarize_add(image, whole);
      break;
    case Operator::kColor:
      color(image, factor, arithmetic);
      break;
    case Operator::kContrast:
      contrast(image, factor, arithmetic);
      break;
    case Operator::kBrightness:
      brightness(image, factor);
      break;
    case Operator::kSharpness:
      sharpness(image, factor, arithmetic);
      break;
    case Operator::kCutout: {
      const int64_t y = random.below(image.height), x = random.below(image.width);
      cut_out(image, {y, x}, whole, style.fill);
      break;
    }
    default:
      return move(image, operation, style, random);
  }
  return image;
}

}  // namespace vit::detail
