#include "point_operators.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace vit::detail {
namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<int64_t, 256>;

template <class Function>
Table table_of(Function value) {
  Table table;
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<uint8_t>(value(i));
  return table;
}

void look_up(Image& image, const Table& table) {
  for (uint8_t& value : image.pixels) value = table[value];
}

void look_up(Image& image, const Table& table, int64_t channel) {
  const auto step = static_cast<size_t>(image.channels);
  for (auto i = static_cast<size_t>(channel); i < image.pixels.size(); i += step)
    image.pixels[i] = table[image.pixels[i]];
}

Histogram histogram(const Image& image, int64_t channel) {
  Histogram counts{};
  const auto step = static_cast<size_t>(image.channels);
  for (auto i = static_cast<size_t>(channel); i < image.pixels.size(); i += step)
    ++counts[image.pixels[i]];
  return counts;
}

// The lowest and the highest value that occur.
std::pair<int, int> range(const Histogram& counts) {
  int low = 0, high = 255;
  while (low < 255 && counts[static_cast<size_t>(low)] == 0) ++low;
  while (high > 0 && counts[static_cast<size_t>(high)] == 0) --high;
  return {low, high};
}

// Pillow stretches in double precision, TensorFlow in single: near a whole number they may differ.
template <class Real>
Table stretched(int low, int high) {
  const Real scale = Real(255) / static_cast<Real>(high - low);
  const Real offset = -static_cast<Real>(low) * scale;
  return table_of(
      [&](int i) { return std::clamp(static_cast<Real>(i) * scale + offset, Real(0), Real(255)); });
}

// Both cut off fractions.
uint8_t blend(uint8_t from, uint8_t to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(int{to} - int{from});
  return static_cast<uint8_t>(std::min(std::max(value, 0.0F), 255.0F));
}

// ITU-R 601 in 16-bit fixed point.
uint8_t pillow_luma(const uint8_t* p) {
  return static_cast<uint8_t>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16);
}

// tf.image.rgb_to_grayscale: to [0, 1] and back in single precision.
uint8_t tensorflow_luma(const uint8_t* p) {
  constexpr float kScale = 1.0F / 255.0F;
  const float luma = static_cast<float>(p[0]) * kScale * 0.2989F +
                     static_cast<float>(p[1]) * kScale * 0.5870F +
                     static_cast<float>(p[2]) * kScale * 0.1140F;
  return static_cast<uint8_t>(luma * 255.5F);
}

uint8_t luma(const uint8_t* pixel, int64_t channels, Arithmetic arithmetic) {
  if (channels == 1) return *pixel;
  return arithmetic == Arithmetic::kPillow ? pillow_luma(pixel) : tensorflow_luma(pixel);
}

uint8_t mean_luma(const Image& image) {
  int64_t sum = 0;
  const uint8_t* pixel = image.pixels.data();
  for (int64_t i = 0; i < image.extent().area(); ++i, pixel += image.channels)
    sum += luma(pixel, image.channels, Arithmetic::kPillow);
  const double mean = static_cast<double>(sum) / static_cast<double>(image.extent().area());
  return static_cast<uint8_t>(mean + 0.5);
}

// big_vision's `contrast` divides the number of pixels by 256 and calls it the mean: 196 for every
// image of 224 x 224 pixels, whatever it shows. Published models were trained so.
uint8_t tensorflow_mean(const Image& image) {
  return static_cast<uint8_t>(std::min<int64_t>(image.extent().area() / 256, 255));
}

// Pillow's SMOOTH, a 3x3 mean whose centre weighs 5, of value i of a row with its neighbours
// `channels` apart. `rows` are the rows above, at and below.
using Rows = std::array<const uint8_t*, 3>;
constexpr float kSide = 1.0F / 13.0F, kCentre = 5.0F / 13.0F;

float pillow_smooth(const Rows& rows, int64_t i, int64_t channels) {
  float sum = 0.5F;
  for (size_t row : {2, 1, 0}) {
    const uint8_t* v = rows[row] + i;
    const float middle = row == 1 ? kCentre : kSide;
    sum += static_cast<float>(v[-channels]) * kSide + static_cast<float>(v[0]) * middle +
           static_cast<float>(v[channels]) * kSide;
  }
  return sum;
}

// TensorFlow's convolution adds with fused multiplications: the double has room for an exact
// product.
float tensorflow_smooth(const Rows& rows, int64_t i, int64_t channels) {
  float sum = 0;
  for (size_t row : {0, 1, 2}) {
    const uint8_t* v = rows[row] + i;
    const double middle = row == 1 ? kCentre : kSide;
    sum = static_cast<float>(double{sum} + v[-channels] * double{kSide});
    sum = static_cast<float>(double{sum} + v[0] * middle);
    sum = static_cast<float>(double{sum} + v[channels] * double{kSide});
  }
  return sum;
}

template <float (&smooth)(const Rows&, int64_t, int64_t)>
Image sharpened(const Image& image, float factor) {
  const int64_t channels = image.channels, end = (image.width - 1) * channels;
  Image result = image;  // the outermost pixels stay
  for (int64_t y = 1; y < image.height - 1; ++y) {
    const Rows rows = {image.row(y - 1), image.row(y), image.row(y + 1)};
    uint8_t* to = result.row(y);
    for (int64_t i = channels; i < end; ++i)
      to[i] = blend(static_cast<uint8_t>(smooth(rows, i, channels)), rows[1][i], factor);
  }
  return result;
}

}  // namespace

void autocontrast(Image& image, Arithmetic arithmetic) {
  for (int64_t c = 0; c < image.channels; ++c) {
    const auto [low, high] = range(histogram(image, c));
    if (high <= low) continue;
    const Table table = arithmetic == Arithmetic::kPillow ? stretched<double>(low, high)
                                                          : stretched<float>(low, high);
    look_up(image, table, c);
  }
}

void equalize(Image& image) {
  for (int64_t c = 0; c < image.channels; ++c) {
    const Histogram counts = histogram(image, c);
    const int64_t brightest = counts[static_cast<size_t>(range(counts).second)];
    const int64_t step = (image.extent().area() - brightest) / 255;
    if (step == 0) continue;
    int64_t darker = step / 2;
    Table table;
    for (size_t i = 0; i < 256; ++i) {
      table[i] = static_cast<uint8_t>(std::min<int64_t>(darker / step, 255));
      darker += counts[i];
    }
    look_up(image, table, c);
  }
}

void invert(Image& image) {
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(255 - value);
}

void posterize(Image& image, int64_t bits, Arithmetic arithmetic) {
  const int64_t most = arithmetic == Arithmetic::kPillow ? 8 : 7;
  const int64_t shift = std::clamp<int64_t>(8 - bits, 0, most);
  look_up(image, table_of([&](int i) { return (i >> shift) << shift; }));
}

void solarize(Image& image, double threshold) {
  look_up(image, table_of([&](int i) { return i < threshold ? i : 255 - i; }));
}

void solarize_add(Image& image, int64_t amount) {
  look_up(image, table_of([&](int i) {
            return i < 128 ? std::clamp<int64_t>(i + amount, 0, 255) : int64_t{i};
          }));
}

void color(Image& image, float factor, Arithmetic arithmetic) {
  if (image.channels == 1 || factor == 1) return;
  uint8_t* pixel = image.pixels.data();
  for (int64_t i = 0; i < image.extent().area(); ++i, pixel += 3) {
    const uint8_t gray = luma(pixel, 3, arithmetic);
    for (int c = 0; c < 3; ++c) pixel[c] = blend(gray, pixel[c], factor);
  }
}

void contrast(Image& image, float factor, Arithmetic arithmetic) {
  if (factor == 1) return;
  const uint8_t gray =
      arithmetic == Arithmetic::kPillow ? mean_luma(image) : tensorflow_mean(image);
  look_up(image, table_of([&](int i) { return blend(gray, static_cast<uint8_t>(i), factor); }));
}

void brightness(Image& image, float factor) {
  if (factor == 1) return;
  look_up(image, table_of([&](int i) { return blend(0, static_cast<uint8_t>(i), factor); }));
}

void sharpness(Image& image, float factor, Arithmetic arithmetic) {
  if (factor == 1 || image.height < 3 || image.width < 3) return;
  image = arithmetic == Arithmetic::kPillow ? sharpened<pillow_smooth>(image, factor)
                                            : sharpened<tensorflow_smooth>(image, factor);
}

void grayscale(Image& image) {
  if (image.channels == 1) return;
  uint8_t* pixel = image.pixels.data();
  for (int64_t i = 0; i < image.extent().area(); ++i, pixel += image.channels)
    std::fill_n(pixel, image.channels, pillow_luma(pixel));
}

}  // namespace vit::detail
