#include "vit/data/resample.hpp"

#include "vit/core/error.hpp"
#include "vit/data/image_codec.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace vit {
namespace {

// 8 bits of pixel, 2 bits of headroom for the negative lobes of the bicubic filter, the rest of 32
// for the weights.
constexpr int kWeightBits = 32 - 8 - 2;
constexpr int32_t kHalf = 1 << (kWeightBits - 1);

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

double triangle(double x) {
  x = std::abs(x);
  return x < 1 ? 1 - x : 0;
}

// Keys' cubic with a = -1/2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

struct Filter {
  double (*value)(double);
  double support;
};

Filter filter_of(Interpolation interpolation) {
  return interpolation == Interpolation::kBilinear ? Filter{triangle, 1.0} : Filter{cubic, 2.0};
}

// Part of an axis: `count` positions from `first`.
struct Span {
  int64_t first = 0, count = 0;
  int64_t end() const { return first + count; }
};

// Which input positions make each output position of an axis, with which fixed-point weights.
struct Taps {
  std::vector<Span> inputs;      // per output position
  std::vector<int32_t> weights;  // per output position, `most` apart
  int64_t most = 0;

  const int32_t* of(int64_t output) const { return weights.data() + output * most; }
  // All inputs that any output needs; positions only grow along the axis.
  Span used() const { return {inputs.front().first, inputs.back().end() - inputs.front().first}; }
  void shift(int64_t by) {
    for (Span& span : inputs) span.first += by;
  }
};

// Taps for the outputs in `window` when `in` positions are resampled to `out`.
Taps make_taps(int64_t in, int64_t out, Span window, Filter filter) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch =
      std::max(scale, 1.0);  // antialiasing: the filter widens with the reduction
  const double support = filter.support * stretch;
  Taps taps;
  taps.most = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  taps.inputs.resize(static_cast<size_t>(window.count));
  taps.weights.resize(static_cast<size_t>(window.count * taps.most));
  std::vector<double> exact(static_cast<size_t>(taps.most));
  for (int64_t i = 0; i < window.count; ++i) {
    const double center = (static_cast<double>(window.first + i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(center - support + 0.5), 0);
    const int64_t end = std::min<int64_t>(static_cast<int64_t>(center + support + 0.5), in);
    const int64_t count = end - first;
    double sum = 0;
    for (int64_t k = 0; k < count; ++k) {
      exact[k] = filter.value((static_cast<double>(k + first) - center + 0.5) * (1.0 / stretch));
      sum += exact[k];
    }
    int32_t* weights = taps.weights.data() + i * taps.most;
    for (int64_t k = 0; k < count; ++k) {
      const double weight = (sum != 0 ? exact[k] / sum : exact[k]) * (1 << kWeightBits);
      weights[k] = static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    taps.inputs[i] = {first, count};
  }
  return taps;
}

// One row: `target` gets an output pixel per entry of `taps`.
void resample_gray_row(const uint8_t* source, const Taps& taps, uint8_t* target) {
  const auto outputs = static_cast<int64_t>(taps.inputs.size());
  for (int64_t x = 0; x < outputs; ++x) {
    const int32_t* weight = taps.of(x);
    const uint8_t* pixel = source + taps.inputs[x].first;
    int32_t sum = kHalf;
    for (int64_t k = taps.inputs[x].count; k > 0; --k) sum += *pixel++ * *weight++;
    *target++ = to_byte(sum);
  }
}

void resample_rgb_row(const uint8_t* source, const Taps& taps, uint8_t* target) {
  const auto outputs = static_cast<int64_t>(taps.inputs.size());
  for (int64_t x = 0; x < outputs; ++x, target += 3) {
    const int32_t* weight = taps.of(x);
    const uint8_t* pixel = source + taps.inputs[x].first * 3;
    int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (int64_t k = taps.inputs[x].count; k > 0; --k, pixel += 3, ++weight) {
      red += pixel[0] * *weight;
      green += pixel[1] * *weight;
      blue += pixel[2] * *weight;
    }
    target[0] = to_byte(red);
    target[1] = to_byte(green);
    target[2] = to_byte(blue);
  }
}

// The rows `rows` of the image, each resampled along x.
Image resample_x(const Image& image, Span rows, const Taps& taps) {
  VIT_CHECK(image.channels == 1 || image.channels == 3, "images have 1 or 3 channels");
  Image result(rows.count, static_cast<int64_t>(taps.inputs.size()), image.channels);
  const auto row = image.channels == 1 ? resample_gray_row : resample_rgb_row;
  for (int64_t y = 0; y < rows.count; ++y) row(image.row(rows.first + y), taps, result.row(y));
  return result;
}

// Weighted sum of `count` rows, `stride` bytes apart, at kBlock neighbouring bytes. The fixed size
// lets the compiler use vector registers.
constexpr int64_t kBlock = 32;
void blend_block(const uint8_t* source, int64_t stride, const int32_t* weights, int64_t count,
                 uint8_t* target) {
  int32_t sums[kBlock];
  for (int64_t i = 0; i < kBlock; ++i) sums[i] = kHalf;
  for (int64_t k = 0; k < count; ++k, source += stride) {
    for (int64_t i = 0; i < kBlock; ++i) sums[i] += source[i] * weights[k];
  }
  for (int64_t i = 0; i < kBlock; ++i) target[i] = to_byte(sums[i]);
}

void blend_byte(const uint8_t* source, int64_t stride, const int32_t* weights, int64_t count,
                uint8_t* target) {
  int32_t sum = kHalf;
  for (int64_t k = 0; k < count; ++k, source += stride) sum += *source * weights[k];
  *target = to_byte(sum);
}

// Resampled along y; of each row `columns`.
Image resample_y(const Image& image, Span columns, const Taps& taps) {
  Image result(static_cast<int64_t>(taps.inputs.size()), columns.count, image.channels);
  const int64_t bytes = columns.count * image.channels;
  const int64_t stride = image.width * image.channels;
  for (int64_t y = 0; y < result.height; ++y) {
    const Span inputs = taps.inputs[y];
    const uint8_t* source = image.row(inputs.first) + columns.first * image.channels;
    uint8_t* target = result.row(y);
    int64_t i = 0;
    for (; i + kBlock <= bytes; i += kBlock) {
      blend_block(source + i, stride, taps.of(y), inputs.count, target + i);
    }
    for (; i < bytes; ++i) blend_byte(source + i, stride, taps.of(y), inputs.count, target + i);
  }
  return result;
}

void check_inside(const Box& box, Extent extent) {
  VIT_CHECK(box.top >= 0 && box.left >= 0 && box.height > 0 && box.width > 0 &&
                box.top + box.height <= extent.height && box.left + box.width <= extent.width,
            "the box lies inside the image");
}

// Which axis goes first shows, because each pass rounds to 8 bits. Pillow 13 starts along y where
// the height shrinks by more than twice as many pixels as the width does (then that saves work);
// Pillow up to 12 always started along x.
bool y_goes_first(const Box& box, Extent size) {
  const int64_t lost_height = box.height - size.height;
  const int64_t lost_width = box.width - size.width;
  return lost_height > 0 && lost_height > 2 * lost_width;
}

// The part `window` of the result of resampling `box` to `size`. A pass that would change nothing
// is left out.
Image resample(const Image& image, const Box& box, Extent size, const Box& window,
               Interpolation interpolation) {
  check_inside(box, image.extent());
  check_inside(window, size);
  if (window.area() > kMaxPicturePixels) {
    throw DataError("resizing a picture of " + to_string(image.extent()) +
                    " pixels (height x width) to " + to_string(size) +
                    " would take too much memory");
  }
  const Filter filter = filter_of(interpolation);
  const Span rows{box.top + window.top, window.height};
  const Span columns{box.left + window.left, window.width};
  const bool along_x = size.width != box.width;
  const bool along_y = size.height != box.height;
  if (!along_x && !along_y)
    return crop(image, {rows.first, columns.first, rows.count, columns.count});

  Taps x_taps =
      along_x ? make_taps(box.width, size.width, {window.left, window.width}, filter) : Taps{};
  Taps y_taps =
      along_y ? make_taps(box.height, size.height, {window.top, window.height}, filter) : Taps{};
  x_taps.shift(box.left);
  y_taps.shift(box.top);
  if (!along_x) return resample_y(image, columns, y_taps);
  if (!along_y) return resample_x(image, rows, x_taps);
  if (y_goes_first(box, size)) {
    const Span used = x_taps.used();
    x_taps.shift(-used.first);
    return resample_x(resample_y(image, used, y_taps), {0, window.height}, x_taps);
  }
  const Span used = y_taps.used();
  y_taps.shift(-used.first);
  return resample_y(resample_x(image, used, x_taps), {0, window.width}, y_taps);
}

// Python's int(a * b / c) of integers: one division in double precision.
int64_t truncated_ratio(int64_t a, int64_t b, int64_t c) {
  return static_cast<int64_t>(static_cast<double>(a * b) / static_cast<double>(c));
}

// round(n / 2), half to even.
int64_t rounded_half(int64_t n) { return n / 2 + (n % 4 == 3 ? 1 : 0); }

}  // namespace

Image crop(const Image& image, const Box& box) {
  check_inside(box, image.extent());
  if (box == Box{0, 0, image.height, image.width}) return image;
  Image result(box.height, box.width, image.channels);
  const auto bytes = static_cast<size_t>(box.width * image.channels);
  for (int64_t y = 0; y < box.height; ++y) {
    std::memcpy(result.row(y), image.row(box.top + y) + box.left * image.channels, bytes);
  }
  return result;
}

Image resize(const Image& image, Extent size, Interpolation interpolation) {
  return resize(image, {0, 0, image.height, image.width}, size, interpolation);
}

Image resize(const Image& image, const Box& box, Extent size, Interpolation interpolation) {
  return resample(image, box, size, {0, 0, size.height, size.width}, interpolation);
}

Image resize_then_crop(const Image& image, Extent size, const Box& window,
                       Interpolation interpolation) {
  return resample(image, {0, 0, image.height, image.width}, size, window, interpolation);
}

void flip_horizontally(Image& image) {
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* left = image.row(y);
    uint8_t* right = left + (image.width - 1) * image.channels;
    for (; left < right; left += image.channels, right -= image.channels) {
      std::swap_ranges(left, left + image.channels, right);
    }
  }
}

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
