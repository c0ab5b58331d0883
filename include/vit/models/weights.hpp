// Putting weights into a model: names matched, head replaced on demand, position embeddings,
// patches and input channels adapted, and a report of what became of every tensor. Nothing is
// half-loaded: all checks come before the first write.
#pragma once

#include "vit/config/schema.hpp"
#include "vit/models/layout.hpp"
#include "vit/models/model.hpp"

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

enum class HeadPolicy {
  kKeep,
  kReset  // head.*, head_dist.* and pre_logits.* of the file are left out, fc_norm.* may be lacking
};
constexpr auto enum_names(HeadPolicy) {
  return std::array{std::pair{"keep", HeadPolicy::kKeep}, std::pair{"reset", HeadPolicy::kReset}};
}

// kResize: the file's own library's way, kReference for JAX's files and kTimm for all others. The
// rest after kStrict: that way of resizing (resample_weights.hpp).
enum class PositionEmbeddingPolicy {
  kResize,
  kStrict,
  kReference,
  kReferenceEdgeZeros,
  kTimm,
  kTimmNpz,
  kTorchvision,
  kHuggingFace
};
constexpr auto enum_names(PositionEmbeddingPolicy) {
  using Policy = PositionEmbeddingPolicy;
  return std::array{std::pair{"resize", Policy::kResize},
                    std::pair{"strict", Policy::kStrict},
                    std::pair{"reference", Policy::kReference},
                    std::pair{"reference_edge_zeros", Policy::kReferenceEdgeZeros},
                    std::pair{"timm", Policy::kTimm},
                    std::pair{"timm_npz", Policy::kTimmNpz},
                    std::pair{"torchvision", Policy::kTorchvision},
                    std::pair{"huggingface", Policy::kHuggingFace}};
}

enum class PatchPolicy { kResample, kStrict };
constexpr auto enum_names(PatchPolicy) {
  return std::array{std::pair{"resample", PatchPolicy::kResample},
                    std::pair{"strict", PatchPolicy::kStrict}};
}

// `init` section of the configuration.
struct InitConfig {
  std::string weights = "";  // "" = initialise from the seed
  std::optional<Layout> layout = {};
  HeadPolicy head = HeadPolicy::kReset;
  PositionEmbeddingPolicy position_embedding = PositionEmbeddingPolicy::kResize;
  PatchPolicy patch = PatchPolicy::kResample;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&InitConfig::weights>(
            "Start from these weights: a safetensors, .npz or .pth file, a checkpoint, run or "
            "transformers folder. Empty: from random values."),
        field<&InitConfig::layout>(
            "Whose names and shapes the weights have; null: seen by the names."),
        field<&InitConfig::head>(
            "keep the head of the weights (same classes), or reset it to zero."),
        field<&InitConfig::position_embedding>(
            "For another number of patches: resize as the weights' origin does (reference for "
            "JAX's files, else timm), strict (an error), or as a named library: reference "
            "(vit_jax, big_vision), reference_edge_zeros (with SciPy's rounding), timm, timm_npz, "
            "torchvision, huggingface."),
        field<&InitConfig::patch>("For another patch size: resample the patch embedding "
                                  "(FlexiViT), or strict (an error).")};
  }
};

// Names are timm's. Every tensor of the model is copied or in `fresh`; every entry of the file is
// copied, or in `dropped`, `unused` or `ignored`.
struct LoadReport {
  int64_t matched = 0;               // tensors copied (resized and adapted ones included)
  int64_t total = 0;                 // tensors of the model
  std::vector<std::string> resized;  // "pos_embed 14x14 -> 24x24 grid (timm)"
  std::vector<std::string> adapted;  // "patch_embed.proj.weight 3 -> 1 channels"
  std::vector<std::string> fresh;    // of the model, as initialised: the reset head
  std::vector<std::string> dropped;  // head and mask of the file, left out
  std::vector<std::string> unused;   // of the file, which the model has no place for
  std::vector<std::string> ignored;  // of the file, no parameters (Weights::ignored)
  std::vector<std::string> notes;    // "head.weight of the file is all zeros"
};

// Copies `weights` into `model`. A reset head gets weight 0 and keeps the bias it was built with.
// Another number of image channels is adapted to. Throws CheckpointError listing every missing
// tensor, every tensor of another shape, what setting would accept it, and which presets fit.
LoadReport load_weights(Model& model, const Weights& weights, const InitConfig& options);

}  // namespace vit
