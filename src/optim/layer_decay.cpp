#include "vit/optim/layer_decay.hpp"

#include "vit/core/error.hpp"

#include <cmath>
#include <regex>
#include <string>

namespace vit {
namespace {

// "blocks.3" of blocks.3.attn.qkv.weight; "" for what is in no block.
std::string block_of(const std::string& name) {
  static const std::regex block("^(stages\\.\\d+\\.)?blocks\\.\\d+(?=\\.)");
  std::smatch found;
  return std::regex_search(name, found, block) ? found.str() : "";
}

}  // namespace

std::vector<int64_t> layers_of(const NamedTensors& parameters) {
  std::vector<int64_t> layers;
  int64_t layer = 0;
  bool is_past_blocks = false;
  std::string current;
  for (const NamedTensor& parameter : parameters) {
    const std::string block = block_of(parameter.name);
    const bool is_final_norm = layer > 0 && parameter.name.starts_with("norm.");
    if (!block.empty() && block != current) {
      current = block;
      ++layer;
    } else if (block.empty() && layer > 0 && !is_final_norm && !is_past_blocks) {
      is_past_blocks = true;
      ++layer;
    }
    layers.push_back(layer);
  }
  if (current.empty()) {
    throw ConfigError(
        "layer_decay needs a model in layers, with parameters called blocks.N or stages.S.blocks.N"
        "\nset layer_decay: 1, or scale rates by name: parameters: [{match: ..., lr_scale: ...}]");
  }
  return layers;
}

void decay_layers(double decay, const NamedTensors& parameters,
                  std::vector<ParameterTraits>& traits) {
  if (decay == 1) return;
  const std::vector<int64_t> layers = layers_of(parameters);
  const int64_t top = layers.back();
  for (size_t i = 0; i < traits.size(); ++i) {
    traits[i].lr_scale *= std::pow(decay, static_cast<double>(top - layers[i]));
  }
}

}  // namespace vit
