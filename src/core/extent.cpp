#include "vit/core/extent.hpp"

#include <cmath>

namespace vit {

int64_t square_side(int64_t area) {
  if (area <= 0) return 0;
  const int64_t side = std::llround(std::sqrt(static_cast<double>(area)));
  return side * side == area ? side : 0;
}

std::string to_string(const Extent& extent) {
  if (extent.height == extent.width) return std::to_string(extent.height);
  return std::to_string(extent.height) + "x" + std::to_string(extent.width);
}

}  // namespace vit
