// Choices that several optimizers offer under the same names.
#pragma once

#include <array>
#include <utility>

namespace vit {

// kDecoupled: weights shrink by lr * weight_decay (Loshchilov & Hutter 2019). kL2: weight_decay * w
// is added to the gradient.
enum class DecayMode { kDecoupled, kL2 };

constexpr auto enum_names(DecayMode) {
  return std::array{std::pair{"decoupled", DecayMode::kDecoupled}, std::pair{"l2", DecayMode::kL2}};
}

enum class MomentType { kFloat32, kBFloat16 };

constexpr auto enum_names(MomentType) {
  return std::array{std::pair{"float32", MomentType::kFloat32},
                    std::pair{"bfloat16", MomentType::kBFloat16}};
}

}  // namespace vit
