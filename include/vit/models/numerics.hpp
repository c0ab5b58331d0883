// Which implementation's constants a network computes with. The arithmetic is the same; published
// weights come with small constants that differ between their original code and timm.
#pragma once

#include <array>
#include <utility>

namespace vit {

// timm: exact GELU, group norm eps 1e-5, weight standardisation / sqrt(var + 1e-8).
// jax: the code the weights were published with. Transformers and the post-activation ResNet
//   (vit_jax, big_vision): tanh GELU, group norm eps 1e-6, / (std + 1e-5). Pre-activation ResNets
//   (big_transfer): group norm eps 1e-5, / sqrt(var + 1e-10).
enum class Numerics { kTimm, kJax };
constexpr auto enum_names(Numerics) {
  return std::array{std::pair{"timm", Numerics::kTimm}, std::pair{"jax", Numerics::kJax}};
}

// erf: exact; tanh: the approximation JAX uses by default. They differ by at most 4.7e-4.
enum class Gelu { kErf, kTanh };
constexpr auto enum_names(Gelu) {
  return std::array{std::pair{"erf", Gelu::kErf}, std::pair{"tanh", Gelu::kTanh}};
}

}  // namespace vit
