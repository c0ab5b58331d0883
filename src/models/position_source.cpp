#include "position_source.hpp"

namespace vit {

std::optional<PositionSource> position_source(const std::string& name,
                                              const PositionTableFacts& facts, Extent wanted) {
  const bool one_axis = name.ends_with("_x") || name.ends_with("_y");
  if (one_axis) return PositionSource{0, {1, facts.entries}};
  for (const int64_t leading : {facts.tokens, int64_t{0}}) {
    const int64_t patches = facts.entries - leading;
    if (patches < 1) continue;
    if (facts.grid.is_set()) {
      if (patches == facts.grid.area()) return PositionSource{leading, facts.grid};
      continue;
    }
    if (patches == wanted.area()) return PositionSource{leading, wanted};
    const int64_t side = square_side(patches);
    const bool is_likely = leading == facts.tokens || facts.unplaced;
    if (is_likely && side > 0) return PositionSource{leading, square(side)};
  }
  return std::nullopt;
}

}  // namespace vit
