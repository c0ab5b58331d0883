// Makers of the catalogue's families.
#pragma once

#include "vit/models/model.hpp"
#include "vit/models/vision_transformer.hpp"

namespace vit {

std::unique_ptr<Model> build_vision_transformer(const VitConfig& config, const ModelArgs& args);

// Adds the entry `vit` and all its presets (vit_presets.cpp).
void add_vision_transformer(Models::Catalog& catalog);

}  // namespace vit
