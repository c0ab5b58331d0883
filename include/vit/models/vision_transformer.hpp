// Configuration of the Vision Transformer (Dosovitskiy et al. 2021), its hybrids with a ResNet in
// front, its DeiT descendants and the paper's ablations: entry `vit` of the model catalogue and its
// presets.
#pragma once

#include "vit/config/problems.hpp"
#include "vit/config/schema.hpp"
#include "vit/core/extent.hpp"
#include "vit/models/numerics.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

// What the head looks at.
enum class Pooling {
  kToken,       // the class token after the final norm (the paper)
  kMean,        // mean over the patches after the final norm; there is no class token
  kMeanFcNorm,  // mean over the patches, then a norm of its own, no final norm; the class token
                // takes part but is left out
  kAttention,   // a learned query attends to the patches (Zhai et al. 2022); no class token
};
constexpr auto enum_names(Pooling) {
  return std::array{std::pair{"token", Pooling::kToken}, std::pair{"mean", Pooling::kMean},
                    std::pair{"mean_fc_norm", Pooling::kMeanFcNorm},
                    std::pair{"attention", Pooling::kAttention}};
}

// Dosovitskiy et al. 2021, D.4.
enum class PositionEmbedding {
  kLearned,    // one vector a token ("1-D")
  kLearned2d,  // one vector of half the width a column and one a row; class token: none
  kRelative,   // a term of each attention logit: query times a vector for the distance in tokens
  kSincos2d,   // fixed sines and cosines of column and row
  kNone,
};
constexpr auto enum_names(PositionEmbedding) {
  return std::array{std::pair{"learned", PositionEmbedding::kLearned},
                    std::pair{"learned_2d", PositionEmbedding::kLearned2d},
                    std::pair{"relative", PositionEmbedding::kRelative},
                    std::pair{"sincos2d", PositionEmbedding::kSincos2d},
                    std::pair{"none", PositionEmbedding::kNone}};
}

// Where absolute position embeddings are added (D.4).
enum class PositionPlacement {
  kStem,         // once, to the tokens that enter the first block
  kEveryLayer,   // at the start of every block, each with embeddings of its own
  kSharedLayers  // at the start of every block, the same embeddings
};
constexpr auto enum_names(PositionPlacement) {
  return std::array{std::pair{"stem", PositionPlacement::kStem},
                    std::pair{"every_layer", PositionPlacement::kEveryLayer},
                    std::pair{"shared_layers", PositionPlacement::kSharedLayers}};
}

// The convolutional network in front of a hybrid's patches: a post-activation ResNet with group
// norm and standardised weights, SAME padding, total stride 4 times 2 for every stage after the
// first.
struct TrunkConfig {
  std::vector<int64_t> layers = {3, 4, 9};
  double width = 1;

  int64_t stride() const;  // of the features, in pixels

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&TrunkConfig::layers>("Units per stage; []: the stem alone (stride 4).", positive),
        field<&TrunkConfig::width>("Factor on all channels: 64 in the stem, 256 after stage 1.",
                                   positive)};
  }
};

struct VitConfig {
  Extent image = square(224);
  Extent patch = square(16);
  int64_t width = 768;
  int64_t depth = 12;
  int64_t heads = 12;
  int64_t mlp = 0;
  std::optional<TrunkConfig> trunk = {};
  Pooling pooling = Pooling::kToken;
  bool distilled = false;
  PositionEmbedding position_embedding = PositionEmbedding::kLearned;
  PositionPlacement position_placement = PositionPlacement::kStem;
  bool class_token_position = true;
  double layer_scale = 0;
  int64_t representation_size = 0;
  bool head_zero_init = true;
  double head_bias = 0;
  double dropout = 0;
  double attention_dropout = 0;
  double stochastic_depth = 0;
  Numerics numerics = Numerics::kTimm;
  std::optional<Gelu> gelu = {};
  double norm_eps = 1e-6;

  int64_t mlp_width() const { return mlp == 0 ? 4 * width : mlp; }
  bool has_class_token() const {
    return pooling == Pooling::kToken || pooling == Pooling::kMeanFcNorm;
  }
  Gelu gelu_form() const {
    return gelu.value_or(numerics == Numerics::kTimm ? Gelu::kErf : Gelu::kTanh);
  }
  Extent features() const;  // what the patches are cut from: the image, or the trunk's output
  Extent grid() const { return {features().height / patch.height, features().width / patch.width}; }
  Extent pitch() const;  // pixels of the image that a patch covers

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&VitConfig::image>("Input size in pixels.", positive),
        field<&VitConfig::patch>(
            "Patch size in pixels, or in the trunk's features. What lies beyond "
            "the last whole patch is left out.",
            positive),
        field<&VitConfig::width>("Channels per token (D).", positive),
        field<&VitConfig::depth>("Transformer blocks (L).", positive),
        field<&VitConfig::heads>("Attention heads; must divide the width.", positive),
        field<&VitConfig::mlp>("Hidden channels of the MLP; 0: four times the width.",
                               non_negative),
        field<&VitConfig::trunk>(
            "A ResNet whose features are cut into patches (hybrids); null: none."),
        field<&VitConfig::pooling>(
            "What the head sees: token (class token), mean (of the patches; no class token), "
            "mean_fc_norm (timm's `avg`: norm after the mean), attention (a learned query; no "
            "class "
            "token)."),
        field<&VitConfig::distilled>("DeiT's second token with a head of its own; the prediction "
                                     "is the mean of both heads."),
        field<&VitConfig::position_embedding>(
            "learned (1-D), learned_2d (rows and columns), relative (in the attention), sincos2d "
            "(fixed) or none."),
        field<&VitConfig::position_placement>(
            "Where it is added: stem, every_layer (each with its own), shared_layers."),
        field<&VitConfig::class_token_position>(
            "Whether the class token has a position embedding; false: DeiT-III."),
        field<&VitConfig::layer_scale>(
            "Start value of a learned factor per channel on each residual branch; 0: none.",
            non_negative),
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
        field<&VitConfig::numerics>(
            "GELU form and epsilons of the trunk: timm's, or jax (the original code's)."),
        field<&VitConfig::gelu>("erf (exact) or tanh (approximation); null: as numerics has it."),
        field<&VitConfig::norm_eps>(
            "Epsilon of the layer norms; that of the published weights is 1e-6.", positive)};
  }

  void check(config::Problems& problems) const;
};

}  // namespace vit
