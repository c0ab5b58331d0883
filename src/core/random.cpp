#include "vit/core/random.hpp"

#include "vit/core/error.hpp"

#include <cmath>
#include <numbers>

namespace vit {
namespace {

constexpr uint64_t kGolden =
    0x9E3779B97F4A7C15ULL;  // 2^64 / golden ratio: the increment of SplitMix64

// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection with full avalanche.
constexpr uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// FNV-1a, 64 bits.
constexpr uint64_t hash(std::string_view text) {
  uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return h;
}

// Two rounds, so that keys of neighbouring indices share nothing.
constexpr uint64_t derive(uint64_t key, uint64_t what) {
  return mix(mix(key + kGolden) ^ (what * kGolden + 1));
}

constexpr uint64_t kIndexSalt = 0xD1342543DE82EF95ULL;  // keeps at(i) and stream(name) apart
constexpr uint64_t kStreamSalt = 0xA0761D6478BD642FULL;

// The logarithm of a draw from the gamma distribution of scale 1, by rejection (Marsaglia & Tsang
// 2000, "A simple method for generating gamma variables"). A draw of a shape below 1 is one of
// shape + 1 times u^(1 / shape); its logarithm is a number where the draw itself would be 0.
double log_gamma_draw(double shape, Random& random) {
  if (shape < 1) {
    const double log_power = std::log(1.0 - random.uniform()) / shape;
    return log_gamma_draw(shape + 1, random) + log_power;
  }
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = random.normal(), root = 1.0 + c * x;
    const double log_u = std::log(1.0 - random.uniform());
    if (root <= 0) continue;
    const double v = root * root * root;
    if (log_u < 0.5 * x * x + d * (1.0 - v + std::log(v))) return std::log(d * v);
  }
}

}  // namespace

Random::Random(uint64_t seed) : key_(mix(seed + kGolden)) {}

Random Random::stream(std::string_view name) const {
  Random child(0);
  child.key_ = derive(key_ ^ kStreamSalt, hash(name));
  return child;
}

Random Random::at(uint64_t index) const {
  Random child(0);
  child.key_ = derive(key_ ^ kIndexSalt, index);
  return child;
}

uint64_t Random::bits() { return mix(mix(key_ + ++drawn_ * kGolden) + key_); }

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

int64_t Random::below(int64_t n) {
  VIT_CHECK(n >= 1, "below() needs a positive bound");
  const auto range = static_cast<uint64_t>(n);
  const uint64_t limit = UINT64_MAX - UINT64_MAX % range;  // reject the uneven tail
  uint64_t draw = bits();
  while (draw >= limit) draw = bits();
  return static_cast<int64_t>(draw % range);
}

bool Random::chance(double probability) { return uniform() < probability; }

// Box-Muller; 1 - u keeps the logarithm finite.
double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

// X / (X + Y) of two gamma draws.
double Random::beta(double a, double b) {
  VIT_CHECK(a >= 1e-3 && b >= 1e-3, "too small for the logarithms of beta()");
  const double log_x = log_gamma_draw(a, *this);
  const double log_y = log_gamma_draw(b, *this);
  return 1.0 / (1.0 + std::exp(log_y - log_x));
}

int64_t permuted(int64_t position, int64_t size, Random key) {
  VIT_CHECK(position >= 0 && position < size, "position outside the permutation");
  if (size == 1) return 0;
  int half_bits = 1;  // two halves of equal width hold at least `size` values, at most 4 * size
  while ((int64_t{1} << (2 * half_bits)) < size) ++half_bits;
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;

  constexpr int kRounds = 6;
  uint64_t round_keys[kRounds];
  for (uint64_t& round_key : round_keys) round_key = key.bits();

  auto value = static_cast<uint64_t>(position);
  do {  // walk the cycle until it is back inside
    uint64_t left = value >> half_bits, right = value & mask;
    for (const uint64_t round_key : round_keys) {
      const uint64_t next = left ^ (mix(right + round_key) & mask);
      left = right;
      right = next;
    }
    value = (left << half_bits) | right;
  } while (value >= static_cast<uint64_t>(size));
  return static_cast<int64_t>(value);
}

}  // namespace vit
