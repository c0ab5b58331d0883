// Putting tensors of a file into a model: names matched, head replaced on demand, position embeddings resized, and a report of
// what became of every tensor. Nothing is half-loaded: all checks come before the first write.
#pragma once

#include "vit/models/model.hpp"

#include <string>
#include <vector>

namespace vit {

enum class HeadPolicy { kKeep, kReset };                  // kReset: head.* and pre_logits.* of the file are left out
enum class PositionEmbeddingPolicy { kResize, kStrict };

// `init` section of the configuration.
struct InitConfig {
  std::string weights;  // a safetensors file, a checkpoint folder, or a run folder; "" = initialise from the seed
  HeadPolicy head = HeadPolicy::kReset;
  PositionEmbeddingPolicy position_embedding = PositionEmbeddingPolicy::kResize;
  static constexpr auto describe();
};

struct LoadReport {
  int64_t matched = 0;                 // tensors copied (resized ones included)
  int64_t total = 0;                   // tensors of the model
  std::vector<std::string> resized;    // "pos_embed 14x14 -> 24x24 grid"
  std::vector<std::string> fresh;      // tensors of the model left as initialised (the reset head)
  std::vector<std::string> unused;     // tensors of the file the model has no place for
  std::vector<std::string> notes;      // "head.weight of the file is all zeros"
};

// Copies `file` into `model`. `source` is what messages call the file. Throws CheckpointError listing every missing tensor,
// every tensor of another shape, and (kKeep, kStrict) what setting would accept it.
LoadReport load_weights(Model& model, const NamedTensors& file, const std::string& source, const InitConfig& options);

// [1, prefix + h*w, D] position embeddings on another grid, bicubic with antialiasing, computed in fp32 (timm's rule for state
// dicts); the first `prefix` entries (class token) are kept.
at::Tensor resize_position_embedding(const at::Tensor& embedding, int64_t prefix, Extent from, Extent to);

}  // namespace vit
