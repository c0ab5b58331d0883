#include "perceptual_hash.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace vit::detail {
namespace {

constexpr size_t kSide = kSketchSide;
constexpr size_t kFrequencies = 8;  // 1 to 8 in each direction

using Basis = std::array<std::array<float, kSide>, kFrequencies>;
using Spectrum = std::array<float, kFrequencies * kFrequencies>;  // [vertical][horizontal]

// Orthonormal type-II cosines.
Basis cosines() {
  Basis basis{};
  for (size_t k = 0; k < kFrequencies; ++k) {
    for (size_t x = 0; x < kSide; ++x) {
      const double phase = (2.0 * static_cast<double>(x) + 1) * static_cast<double>(k + 1);
      basis[k][x] = static_cast<float>(std::sqrt(2.0 / kSide) *
                                       std::cos(std::numbers::pi * phase / (2.0 * kSide)));
    }
  }
  return basis;
}

Spectrum low_frequencies(const std::array<float, kSide * kSide>& gray) {
  static const Basis basis = cosines();
  std::array<std::array<float, kSide>, kFrequencies> rows{};  // [horizontal][y]
  for (size_t k = 0; k < kFrequencies; ++k) {
    for (size_t y = 0; y < kSide; ++y) {
      for (size_t x = 0; x < kSide; ++x) rows[k][y] += basis[k][x] * gray[y * kSide + x];
    }
  }
  Spectrum spectrum{};
  for (size_t v = 0; v < kFrequencies; ++v) {
    for (size_t h = 0; h < kFrequencies; ++h) {
      for (size_t y = 0; y < kSide; ++y) {
        spectrum[v * kFrequencies + h] += basis[v][y] * rows[h][y];
      }
    }
  }
  return spectrum;
}

// What rounding to whole levels does to coefficients stays below this, so a flat picture has no bits.
constexpr float kNoise = 4;

uint64_t bits_of(const Spectrum& spectrum) {
  Spectrum sorted = spectrum;
  const auto middle = sorted.begin() + sorted.size() / 2 - 1;
  std::nth_element(sorted.begin(), middle, sorted.end());
  uint64_t bits = 0;
  for (const float value : spectrum) bits = bits << 1 | (value > *middle + kNoise ? 1U : 0U);
  return bits;
}

// Mirroring turns the sign of the odd horizontal frequencies.
Spectrum mirrored(Spectrum spectrum) {
  for (size_t i = 0; i < spectrum.size(); i += 2) spectrum[i] = -spectrum[i];  // 1, 3, 5, 7
  return spectrum;
}

Thumbnail thumbnail_of(const uint8_t* planes) {
  constexpr size_t kSmall = Thumbnail::kSide;
  Thumbnail thumbnail;
  size_t at = 0;
  for (size_t row = 0; row < 3 * kSmall; ++row) {
    const uint8_t* above = planes + 2 * row * kSide;
    for (size_t x = 0; x < kSide; x += 2) {
      const int sum = above[x] + above[x + 1] + above[x + kSide] + above[x + kSide + 1];
      thumbnail.pixels[at++] = static_cast<uint8_t>((sum + 2) / 4);
    }
  }
  return thumbnail;
}

}  // namespace

Sketch make_sketch(const uint8_t* planes) {
  constexpr size_t kArea = kSide * kSide;
  std::array<float, kArea> gray;
  for (size_t i = 0; i < kArea; ++i) {  // ITU-R 601
    gray[i] = 0.299F * planes[i] + 0.587F * planes[kArea + i] + 0.114F * planes[2 * kArea + i];
  }
  const Spectrum spectrum = low_frequencies(gray);
  return {bits_of(spectrum), bits_of(mirrored(spectrum)), thumbnail_of(planes)};
}

int hash_distance(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

Thumbnail mirrored(const Thumbnail& thumbnail) {
  Thumbnail result = thumbnail;
  for (size_t at = 0; at < result.pixels.size(); at += Thumbnail::kSide) {
    std::reverse(result.pixels.begin() + at, result.pixels.begin() + at + Thumbnail::kSide);
  }
  return result;
}

double similarity(const Thumbnail& a, const Thumbnail& b) {
  constexpr double kMeans = 0.01 * 255 * 0.01 * 255, kSpreads = 0.03 * 255 * 0.03 * 255;
  constexpr auto kCount = static_cast<double>(sizeof a.pixels);
  int64_t sum_a = 0, sum_b = 0, square_a = 0, square_b = 0, product = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const int64_t p = a.pixels[i], q = b.pixels[i];
    sum_a += p;
    sum_b += q;
    square_a += p * p;
    square_b += q * q;
    product += p * q;
  }
  const double mean_a = static_cast<double>(sum_a) / kCount;
  const double mean_b = static_cast<double>(sum_b) / kCount;
  const double spread_a = static_cast<double>(square_a) / kCount - mean_a * mean_a;
  const double spread_b = static_cast<double>(square_b) / kCount - mean_b * mean_b;
  const double common = static_cast<double>(product) / kCount - mean_a * mean_b;
  return (2 * mean_a * mean_b + kMeans) * (2 * common + kSpreads) /
         ((mean_a * mean_a + mean_b * mean_b + kMeans) * (spread_a + spread_b + kSpreads));
}

}  // namespace vit::detail
