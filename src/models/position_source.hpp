// Which grid the position embeddings of a file cover: shapes do not say, counts suggest it.
#pragma once

#include "vit/core/extent.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vit {

struct PositionSource {
  int64_t leading = 0;  // entries before the grid, of tokens without a place
  Extent grid;
};

// `entries` in all, of a file with `tokens` class and distillation tokens (which may or may not
// have entries), for a model whose parameter `name` covers `wanted`. The same number of patches as
// the model's is the model's grid, any other a square one; rows and columns alone are no squares.
std::optional<PositionSource> position_source(const std::string& name, int64_t entries,
                                              int64_t tokens, Extent wanted);

}  // namespace vit
