// The sizes and places that resizing and cropping by the rules of torchvision and timm lead to.
#include "vit/core/error.hpp"
#include "vit/data/resample.hpp"

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

// Python's int(a * b / c) of integers: one division in double precision.
int64_t truncated_ratio(int64_t a, int64_t b, int64_t c) {
  return static_cast<int64_t>(static_cast<double>(a * b) / static_cast<double>(c));
}

// round(n / 2), half to even.
int64_t rounded_half(int64_t n) { return n / 2 + (n % 4 == 3 ? 1 : 0); }

}  // namespace

Extent shorter_side_extent(Extent image, int64_t shorter) {
  if (image.width <= image.height)
    return {truncated_ratio(shorter, image.height, image.width), shorter};
  return {shorter, truncated_ratio(shorter, image.width, image.height)};
}

Extent covering_extent(Extent image, Extent target) {
  if (target.height == target.width) return shorter_side_extent(image, target.height);
  const double ratio =
      std::min(static_cast<double>(image.height) / static_cast<double>(target.height),
               static_cast<double>(image.width) / static_cast<double>(target.width));
  const auto side = [&](int64_t n, int64_t least) {
    return std::max(least, static_cast<int64_t>(std::nearbyint(static_cast<double>(n) / ratio)));
  };
  return {side(image.height, target.height), side(image.width, target.width)};
}

Box center_box(Extent image, Extent size) {
  VIT_CHECK(image.height >= size.height && image.width >= size.width,
            "the image is at least as large as its crop");
  return {rounded_half(image.height - size.height), rounded_half(image.width - size.width),
          size.height, size.width};
}

}  // namespace vit
