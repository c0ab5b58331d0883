// Which network tensors belong to, read off their names (timm's) and shapes.
//
// Everything but the number of attention heads leaves a trace in the tensors. A preset with the
// same dimensions supplies that, or the file's own layout, or the convention of 64 channels a head.
#pragma once

#include "vit/models/model.hpp"

#include <string>
#include <vector>

namespace vit {

// Presets with the dimensions of these tensors, in the catalogue's order: those that agree in
// everything, resolution included; else those whose resolution, pooling or hidden head layer
// differ. Preprocessing does not show, so ViT and DeiT of one size both fit. Empty when none does.
std::vector<std::string> presets_that_fit(const NamedTensors& tensors);

// The entry `vit` or `bit` with all dimensions of these tensors; an empty section when they are of
// neither family, or of no network that can be. `heads`: attention heads, 0 when unknown.
ModelSection section_of(const NamedTensors& tensors, int64_t heads);

// Makes a section follow the tensors in what may differ between networks of one preset: resolution
// (of square grids), pooling, class and distillation tokens, hidden head layer, layer scale. Width,
// depth and patch stay as they are.
void follow_tensors(ModelSection& section, const NamedTensors& tensors);

// Gives the section the head that fine-tuning starts with: one zero-initialised linear layer
// (Dosovitskiy et al. 2021, B.1.1).
void use_new_head(ModelSection& section);

// Whether a tensor of floating-point numbers holds nothing but zeros: published heads that were
// removed.
bool is_all_zero(const at::Tensor& tensor);

// Outputs of the head in these tensors, 0 when there is none; and the channels of the images they
// take (3 when that does not show).
int64_t classes_of(const NamedTensors& tensors);
int64_t channels_of(const NamedTensors& tensors);

}  // namespace vit
