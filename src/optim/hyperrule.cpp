#include "vit/optim/hyperrule.hpp"

namespace vit {

HyperRule bit_hyperrule(int64_t train_examples) {
  constexpr int64_t kMedium = 20'000, kLarge = 500'000;
  if (train_examples < kMedium) return {{100, 200, 300, 400, 500}, 0};
  constexpr double kMixup = 0.1;
  if (train_examples < kLarge) return {{500, 3000, 6000, 9000, 10'000}, kMixup};
  return {{500, 6000, 12'000, 18'000, 20'000}, kMixup};
}

HyperRuleSides bit_hyperrule_sides(Extent image) {
  constexpr int64_t kSmallArea = 96 * 96;
  return image.area() < kSmallArea ? HyperRuleSides{160, 128} : HyperRuleSides{512, 480};
}

}  // namespace vit
