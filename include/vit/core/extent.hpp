// A height and a width in pixels (or in patches). YAML: `224` for a square, `[224, 160]` for
// height, width.
#pragma once

#include <cstdint>
#include <string>

namespace vit {

struct Extent {
  int64_t height = 0;
  int64_t width = 0;

  bool operator==(const Extent&) const = default;
  bool is_set() const { return height > 0 && width > 0; }
  int64_t area() const { return height * width; }
};

constexpr Extent square(int64_t side) { return {side, side}; }

// The side of the square of that area; 0 when none has it.
int64_t square_side(int64_t area);

// "224" or "224x160" (height x width).
std::string to_string(const Extent& extent);

}  // namespace vit
