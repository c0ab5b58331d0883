// Configuration of the plain Vision Transformer (Dosovitskiy et al. 2021): entry `vit` of the model
// catalogue and its presets.
#pragma once

#include "vit/config/problems.hpp"
#include "vit/config/schema.hpp"
#include "vit/core/extent.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

namespace vit {

// What the head looks at.
enum class Pooling {
  kToken,       // the class token after the final norm (the paper)
  kMean,        // mean over the patches after the final norm; there is no class token
  kMeanFcNorm,  // mean over the patches, then a norm of its own, no final norm; the class token
                // takes part but is left out
};
constexpr auto enum_names(Pooling) {
  return std::array{std::pair{"token", Pooling::kToken}, std::pair{"mean", Pooling::kMean},
                    std::pair{"mean_fc_norm", Pooling::kMeanFcNorm}};
}

enum class PositionEmbedding { kLearned, kSincos2d };
constexpr auto enum_names(PositionEmbedding) {
  return std::array{std::pair{"learned", PositionEmbedding::kLearned},
                    std::pair{"sincos2d", PositionEmbedding::kSincos2d}};
}

// erf: exact; tanh: the approximation JAX uses by default. They differ by at most 4.7e-4.
enum class Gelu { kErf, kTanh };
constexpr auto enum_names(Gelu) {
  return std::array{std::pair{"erf", Gelu::kErf}, std::pair{"tanh", Gelu::kTanh}};
}

struct VitConfig {
  Extent image = square(224);
  Extent patch = square(16);
  int64_t width = 768;
  int64_t depth = 12;
  int64_t heads = 12;
  int64_t mlp = 0;
  Pooling pooling = Pooling::kToken;
  PositionEmbedding position_embedding = PositionEmbedding::kLearned;
  int64_t representation_size = 0;
  bool head_zero_init = true;
  double head_bias = 0;
  double dropout = 0;
  double attention_dropout = 0;
  double stochastic_depth = 0;
  Gelu gelu = Gelu::kErf;
  double norm_eps = 1e-6;

  int64_t mlp_width() const { return mlp == 0 ? 4 * width : mlp; }
  bool has_class_token() const { return pooling != Pooling::kMean; }
  Extent grid() const { return {image.height / patch.height, image.width / patch.width}; }

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&VitConfig::image>("Input size in pixels.", positive),
        field<&VitConfig::patch>(
            "Patch size in pixels. Pixels beyond the last whole patch are left out.", positive),
        field<&VitConfig::width>("Channels per token (D).", positive),
        field<&VitConfig::depth>("Transformer blocks (L).", positive),
        field<&VitConfig::heads>("Attention heads; must divide the width.", positive),
        field<&VitConfig::mlp>("Hidden channels of the MLP; 0: four times the width.",
                               non_negative),
        field<&VitConfig::pooling>(
            "What the head sees: token (class token), mean (of the patches; no class token), "
            "mean_fc_norm (timm's `avg`: norm after the mean)."),
        field<&VitConfig::position_embedding>("learned (1-D), or sincos2d (fixed)."),
        field<&VitConfig::representation_size>("Width of a hidden tanh layer before the head, as "
                                               "in the paper's pre-training; 0: none.",
                                               non_negative),
        field<&VitConfig::head_zero_init>(
            "Start the head at zero, as the paper's code does; false: LeCun normal."),
        field<&VitConfig::head_bias>(
            "Start value of the head's bias: about -log(classes), or -10, for the sigmoid loss."),
        field<&VitConfig::dropout>(
            "Dropout rate after the position embedding, the attention output and both MLP layers.",
            at_least(0.0)),
        field<&VitConfig::attention_dropout>("Dropout rate of the attention probabilities.",
                                             at_least(0.0)),
        field<&VitConfig::stochastic_depth>(
            "Probability to drop a branch of the last block for an example; grows linearly from 0 "
            "in the first block.",
            at_least(0.0)),
        field<&VitConfig::gelu>("erf (exact; timm, Hugging Face) or tanh (approximation; JAX)."),
        field<&VitConfig::norm_eps>(
            "Epsilon of the layer norms; that of the published weights is 1e-6.", positive)};
  }

  void check(config::Problems& problems) const {
    problems.require(image.height >= patch.height && image.width >= patch.width, "patch",
                     "must not be larger than the image (" + to_string(image) + ")");
    problems.require(heads <= 0 || width % heads == 0, "heads",
                     "must divide the width (" + std::to_string(width) + ")");
    problems.require(
        position_embedding != PositionEmbedding::kSincos2d || (width % 4 == 0 && width >= 8),
        "position_embedding", "sincos2d needs a width that is a multiple of 4, 8 or more");
    for (const auto& [key, rate] :
         {std::pair{"dropout", dropout}, std::pair{"attention_dropout", attention_dropout},
          std::pair{"stochastic_depth", stochastic_depth}}) {
      problems.require(rate < 1.0, key, "must be below 1");
    }
  }
};

}  // namespace vit
