#include "vit/core/extent.hpp"

namespace vit {

std::string to_string(const Extent& extent) {
  if (extent.height == extent.width) return std::to_string(extent.height);
  return std::to_string(extent.height) + "x" + std::to_string(extent.width);
}

}  // namespace vit
