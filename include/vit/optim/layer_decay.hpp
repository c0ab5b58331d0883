// Layer-wise decay of the learning rate (Clark et al. 2020; Bao et al. 2022): the further a layer
// is below the head, the smaller its rate.
#pragma once

#include "vit/runtime/flat_parameters.hpp"

#include <cstdint>
#include <vector>

namespace vit {

// The layer each parameter belongs to, counted from the input, as timm's param_groups_layer_decay
// counts: 0 is everything before the first block (tokens, position embedding, patch embedding with
// a hybrid's trunk, stem), then each block is a layer, whose last one includes the final norm, and
// the last layer is the head with what else follows the blocks. `parameters` have timm's names and
// order; blocks are called blocks.N or stages.S.blocks.N. Throws ConfigError when there are none.
std::vector<int64_t> layers_of(const NamedTensors& parameters);

// Multiplies each lr_scale by decay^(layers between the parameter's layer and the head); 1 leaves
// all as they are. traits[i] belongs to parameters[i]. Throws as layers_of() does.
void decay_layers(double decay, const NamedTensors& parameters,
                  std::vector<ParameterTraits>& traits);

}  // namespace vit
