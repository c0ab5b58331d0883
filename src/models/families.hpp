// Makers of the catalogue's families.
#pragma once

#include "vit/models/model.hpp"
#include "vit/models/resnet.hpp"
#include "vit/models/vision_transformer.hpp"

#include "preset_inputs.hpp"

namespace vit {

std::unique_ptr<Model> build_vision_transformer(const VitConfig& config, const ModelArgs& args);

std::unique_ptr<Model> build_resnet(const ResNetConfig& config, const ModelArgs& args);

// Add the entries `vit` (vit_presets.cpp, deit_presets.cpp,
// hybrid_presets.cpp) and `bit` (resnet_presets.cpp) with
// all their presets, and the preprocessing of those that are published.
void add_vision_transformer(Models::Catalog& catalog, PresetInputs& inputs);
void add_resnet(Models::Catalog& catalog, PresetInputs& inputs);

using VitEntry = Models::Catalog::Added<VitConfig>;
void add_deit(VitEntry& vit, PresetInputs& inputs);
void add_hybrids(VitEntry& vit, PresetInputs& inputs);

}  // namespace vit
