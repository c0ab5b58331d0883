#include "blur.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace vit::detail {
namespace {

constexpr int kPasses = 3;

// A box of 2 `radius` + 1 pixels that weigh `inner` each, and a pixel on either side that weighs
// `edge`; 2^24 in all.
struct Kernel {
  int64_t radius = 0;
  uint32_t inner = 0, edge = 0;
};

// The box whose repetition comes closest to the Gaussian; the numbers in brackets are equations of
// the paper. In single precision, as Pillow.
Kernel kernel_for(float sigma) {
  const float variance = sigma * sigma / kPasses;
  const auto length = static_cast<float>(std::sqrt(12.0 * variance + 1.0));  // [7]
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));   // [11]
  float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);       // [14]
  part /= 6 * (variance - (whole + 1) * (whole + 1));
  const float radius = whole + part;
  Kernel kernel{static_cast<int64_t>(radius)};
  constexpr uint32_t kOne = 1U << 24;
  kernel.inner = static_cast<uint32_t>(static_cast<float>(kOne) / (radius * 2 + 1));
  kernel.edge = (kOne - static_cast<uint32_t>(kernel.radius * 2 + 1) * kernel.inner) / 2;
  return kernel;
}

// One line of `n` values, `step` apart, through `scratch`.
void blur_line(uint8_t* line, int64_t n, int64_t step, const Kernel& kernel, uint8_t* scratch) {
  for (int64_t i = 0; i < n; ++i) scratch[i] = line[i * step];
  const auto value = [&](int64_t i) -> uint32_t {
    return scratch[std::clamp<int64_t>(i, 0, n - 1)];
  };
  uint32_t sum = 0;  // of the box about the place before the first
  for (int64_t i = -kernel.radius - 1; i < kernel.radius; ++i) sum += value(i);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t left = value(i - kernel.radius - 1);
    sum += value(i + kernel.radius) - left;
    const uint32_t weighed =
        sum * kernel.inner + (left + value(i + kernel.radius + 1)) * kernel.edge;
    line[i * step] = static_cast<uint8_t>((weighed + (1U << 23)) >> 24);
  }
}

}  // namespace

void gaussian_blur(Image& image, float radius) {
  if (radius <= 0) return;
  const Kernel kernel = kernel_for(radius);
  std::vector<uint8_t> scratch(static_cast<size_t>(std::max(image.height, image.width)));
  const int64_t stride = image.width * image.channels;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int64_t y = 0; y < image.height; ++y) {
      for (int64_t c = 0; c < image.channels; ++c)
        blur_line(image.row(y) + c, image.width, image.channels, kernel, scratch.data());
    }
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int64_t i = 0; i < stride; ++i)
      blur_line(image.pixels.data() + i, image.height, stride, kernel, scratch.data());
  }
}

}  // namespace vit::detail
