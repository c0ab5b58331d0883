// The plot of mean attention distances (Dosovitskiy et al. 2021, figure 7 right).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace vit {

// A dot a head over its layer, as SVG. distances [layers, heads] in pixels; `uniform` is the
// distance that attention to all patches alike would have, drawn as a line.
std::string distance_plot(const at::Tensor& distances, double uniform);

}  // namespace vit
