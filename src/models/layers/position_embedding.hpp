// Absolute position embeddings of a sequence: leading tokens without a place (the class token),
// then the patches row by row.
#pragma once

#include "vit/core/extent.hpp"
#include "vit/models/vision_transformer.hpp"

#include "parameters.hpp"

#include <ATen/core/Tensor.h>

namespace vit {

class PositionTable {
 public:
  struct Options {
    PositionEmbedding kind;  // kLearned, kLearned2d or kSincos2d
    Extent grid;
    int64_t leading;     // tokens before the patches
    bool embed_leading;  // whether these have embeddings of their own, or zero
    int64_t width;
  };
  // Creates `pos_embed` [1, (leading +) h*w, D] (a fixed one for kSincos2d), or `pos_embed_x`
  // [1, w, D/2] and `pos_embed_y` [1, h, D/2].
  PositionTable(const Scope& scope, const Options& options);

  at::Tensor operator()() const;  // [1, leading + h*w, D]

 private:
  Extent grid_;
  int64_t tokens_;
  at::Tensor table_;  // [1, .., D], undefined for kLearned2d
  at::Tensor x_, y_;  // of columns and rows
};

// The grid that the position parameter `name` of a model with these patches describes (see
// Model::position_grid).
Extent grid_of_position_parameter(std::string_view name, Extent patches);

// Sines and cosines of column and row at geometric frequencies (the "sincos2d" of Beyer et al.
// 2022): [1, leading + h*w, width], width a multiple of 4. The first `leading` entries are zero.
at::Tensor sincos_position_embedding(Extent grid, int64_t width, int64_t leading);

}  // namespace vit
