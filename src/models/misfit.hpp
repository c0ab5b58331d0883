// Words for weights that do not fit a model: what is wrong with every tensor, and which setting or
// step would help.
#pragma once

#include "vit/models/weights.hpp"

#include <string>
#include <vector>

namespace vit {

struct Misfit {
  enum class Kind { kMissing, kShape, kHead, kPositionEmbedding, kType };
  Kind kind;
  std::string name;
  at::IntArrayRef in_file;  // empty for kMissing
  at::IntArrayRef in_model;
  std::string remedy;  // "" when there is none
};

// The text of the exception: a head line, how much fits, one line a tensor (long lists are cut),
// what the file looks like and which presets would take it. `wanted`: state_dict of the model.
std::string describe_misfits(const NamedTensors& wanted, const Weights& weights,
                             const std::vector<Misfit>& misfits);

// "3x224x224".
std::string shape_text(at::IntArrayRef shape);

}  // namespace vit
