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

// What is known of a file's table.
struct PositionTableFacts {
  int64_t entries = 0;    // in all
  int64_t tokens = 0;     // class and distillation tokens of the file
  bool unplaced = false;  // whether these may have no entries (DeiT-III)
  Extent grid;            // as the file tells it, or 0x0
};

// For a model whose parameter `name` covers `wanted`. Without a grid told by the file, the same
// number of patches as the model's is the model's grid, any other a square one; rows and columns
// alone are no squares. Nothing when there is none.
std::optional<PositionSource> position_source(const std::string& name,
                                              const PositionTableFacts& facts, Extent wanted);

}  // namespace vit
