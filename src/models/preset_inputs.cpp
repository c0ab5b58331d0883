#include "preset_inputs.hpp"

namespace vit {

PresetInput published_input(Input input) {
  constexpr std::array kHalf = {0.5, 0.5, 0.5};
  constexpr std::array kImageNetMean = {0.485, 0.456, 0.406}, kImageNetStd = {0.229, 0.224, 0.225};
  switch (input) {
    case Input::kHalf224:
      return {kHalf, kHalf, "bicubic", 0.9};
    case Input::kHalf384:
      return {kHalf, kHalf, "bicubic", 1.0};
    case Input::kImageNet224:
      return {kImageNetMean, kImageNetStd, "bicubic", 0.9};
    case Input::kBit224:
      return {kHalf, kHalf, "bilinear", 0.875};
    case Input::kImageNet384:
      break;
  }
  return {kImageNetMean, kImageNetStd, "bicubic", 1.0};
}

}  // namespace vit
