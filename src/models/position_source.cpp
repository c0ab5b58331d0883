#include "position_source.hpp"

#include <cmath>

namespace vit {

std::optional<PositionSource> position_source(const std::string& name, int64_t entries,
                                              int64_t tokens, Extent wanted) {
  const bool one_axis = name.ends_with("_x") || name.ends_with("_y");
  if (one_axis) return PositionSource{0, {1, entries}};
  for (const int64_t leading : {tokens, int64_t{0}}) {
    const int64_t patches = entries - leading;
    if (patches < 1) continue;
    const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(patches))));
    if (patches == wanted.area()) return PositionSource{leading, wanted};
    if (side * side == patches) return PositionSource{leading, square(side)};
  }
  return std::nullopt;
}

}  // namespace vit
