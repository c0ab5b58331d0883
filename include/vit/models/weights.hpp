// Putting tensors of a file into a model: names matched, head replaced on demand, position
// embeddings resized, and a report of what became of every tensor. Nothing is half-loaded: all
// checks come before the first write.
#pragma once

#include "vit/config/schema.hpp"
#include "vit/models/model.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

enum class HeadPolicy {
  kKeep,
  kReset
};  // kReset: head.* and pre_logits.* of the file are left out
constexpr auto enum_names(HeadPolicy) {
  return std::array{std::pair{"keep", HeadPolicy::kKeep}, std::pair{"reset", HeadPolicy::kReset}};
}

enum class PositionEmbeddingPolicy { kResize, kStrict };
constexpr auto enum_names(PositionEmbeddingPolicy) {
  return std::array{std::pair{"resize", PositionEmbeddingPolicy::kResize},
                    std::pair{"strict", PositionEmbeddingPolicy::kStrict}};
}

// `init` section of the configuration.
struct InitConfig {
  std::string weights = "";  // "" = initialise from the seed
  HeadPolicy head = HeadPolicy::kReset;
  PositionEmbeddingPolicy position_embedding = PositionEmbeddingPolicy::kResize;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&InitConfig::weights>(
            "Start from these weights: a safetensors file, a checkpoint folder or a run "
            "folder. Empty: from random values."),
        field<&InitConfig::head>(
            "keep the head of the weights (same classes), or reset it to zero."),
        field<&InitConfig::position_embedding>(
            "For another number of patches: resize (bicubic, antialiased), or strict (an error).")};
  }
};

struct LoadReport {
  int64_t matched = 0;               // tensors copied (resized ones included)
  int64_t total = 0;                 // tensors of the model
  std::vector<std::string> resized;  // "pos_embed 14x14 -> 24x24 grid"
  std::vector<std::string> fresh;    // tensors of the model left as initialised (the reset head)
  std::vector<std::string> unused;   // tensors of the file the model has no place for
  std::vector<std::string> notes;    // "head.weight of the file is all zeros"
};

// Copies `file` into `model`. `source` is what messages call the file. A reset head gets weight 0
// and keeps the bias it was built with. Throws CheckpointError listing every missing tensor, every
// tensor of another shape, and (kKeep, kStrict) what setting would accept it.
LoadReport load_weights(Model& model, const NamedTensors& file, const std::string& source,
                        const InitConfig& options);

}  // namespace vit
