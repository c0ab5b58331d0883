// Facts: NumPy's documentation and sources (bit_generator.pyx, pcg64.h, distributions.c, as of
// NumPy 2.4). Generator is PCG64, the 128-bit PCG XSL-RR of O'Neill 2014, seeded through
// SeedSequence, which is the seed_seq of O'Neill's "Developing a seed_seq alternative" (2015).
#include "vit/core/numpy_random.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

namespace vit {
namespace {

constexpr uint32_t scrambled(uint32_t value) { return value ^ (value >> 16); }

// A hash whose constant moves on with every use.
class MovingHash {
 public:
  constexpr MovingHash(uint32_t start, uint32_t factor) : constant_(start), factor_(factor) {}
  constexpr uint32_t operator()(uint32_t value) {
    value ^= constant_;
    constant_ *= factor_;
    return scrambled(value * constant_);
  }

 private:
  uint32_t constant_, factor_;
};

constexpr size_t kPool = 4;

std::array<uint32_t, kPool> pool_of(uint64_t seed) {
  MovingHash hash(0x43B0D7E5, 0x931E8875);
  std::array<uint32_t, kPool> pool = {static_cast<uint32_t>(seed),
                                      static_cast<uint32_t>(seed >> 32)};
  for (uint32_t& word : pool) word = hash(word);
  for (size_t from = 0; from < kPool; ++from) {
    for (size_t to = 0; to < kPool; ++to) {
      if (from == to) continue;
      pool[to] = scrambled(0xCA01F9DD * pool[to] - 0x4973F715 * hash(pool[from]));
    }
  }
  return pool;
}

// SeedSequence(seed).generate_state(4, uint64).
std::array<uint64_t, 4> seed_words(uint64_t seed) {
  const std::array<uint32_t, kPool> pool = pool_of(seed);
  MovingHash hash(0x8B51F9DD, 0x58F38DED);
  std::array<uint64_t, 4> words{};
  for (size_t i = 0; i < 2 * words.size(); ++i) {
    words[i / 2] |= static_cast<uint64_t>(hash(pool[i % kPool])) << (32 * (i % 2));
  }
  return words;
}

}  // namespace

NumpyRandom::NumpyRandom(uint64_t seed) {
  const auto [high, low, stream_high, stream_low] = seed_words(seed);
  increment_ = ((static_cast<Wide>(stream_high) << 64 | stream_low) << 1) | 1;
  bits();
  state_ += static_cast<Wide>(high) << 64 | low;
  bits();
}

uint64_t NumpyRandom::bits() {
  constexpr Wide kFactor = static_cast<Wide>(0x2360ED051FC65DA4) << 64 | 0x4385DF649FCCF645;
  state_ = state_ * kFactor + increment_;
  const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
  return std::rotr(folded, static_cast<int>(state_ >> 122));
}

uint32_t NumpyRandom::half() {
  if (upper_) return *std::exchange(upper_, std::nullopt);
  const uint64_t both = bits();
  upper_ = static_cast<uint32_t>(both >> 32);
  return static_cast<uint32_t>(both);
}

// As many bits as `max` has, until they are no more than it.
uint64_t NumpyRandom::up_to(uint64_t max) {
  if (max == 0) return 0;
  const uint64_t mask = ~uint64_t{0} >> std::countl_zero(max);
  const bool is_short = max <= std::numeric_limits<uint32_t>::max();
  uint64_t value = 0;
  do {
    value = (is_short ? half() : bits()) & mask;
  } while (value > max);
  return value;
}

std::vector<int64_t> NumpyRandom::permutation(int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t last = order.size(); last-- > 1;) std::swap(order[last], order[up_to(last)]);
  return order;
}

}  // namespace vit
