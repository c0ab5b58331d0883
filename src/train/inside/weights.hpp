// What the weights of a network tell by themselves: the patterns its first layer looks for, and how
// alike it holds the places of an image.
#pragma once

#include "vit/core/extent.hpp"
#include "vit/models/model.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

namespace vit {

// Principal components of filters.
struct FilterComponents {
  at::Tensor mean;             // [C, p, q]
  at::Tensor components;       // [K, C, p, q], unit length
  at::Tensor singular_values;  // [K]
  at::Tensor explained;        // [K]: shares of the variance
};

// Of filters [D, C, p, q] (figure 7 left of Dosovitskiy et al. 2021, which shows 28): filters are
// samples, their weights the features; centred, then decomposed. The paper does not say which way
// round a component is shown; here its weight of largest magnitude is positive. At most `count`, D
// and C*p*q components.
FilterComponents principal_components(const at::Tensor& filters, int64_t count);

// Cosine similarity of the position embeddings of every two patches (figures 7 centre and 10).
// table [h*w, D] -> [h, w, h, w].
at::Tensor position_similarity(const at::Tensor& table, Extent grid);

// What the first layer multiplies pixels with.
struct Filters {
  std::string name;   // of the parameter
  at::Tensor weight;  // [D, C, p, q]
};
// The patch projection; in hybrids and ResNets, where that sees features or is not there, the
// stem's convolution with its weights standardised, as they are used. Nothing for other networks.
std::optional<Filters> first_filters(const Model& model);

struct PositionEmbeddings {
  std::string name;  // of the parameters
  at::Tensor table;  // [h*w, D]: of the patches, without class and distillation token
};
// Learned or fixed embeddings that are added to the tokens; where every layer has its own, the
// first layer's. Nothing for networks without.
std::optional<PositionEmbeddings> position_embeddings(const Model& model, Extent grid);

}  // namespace vit
