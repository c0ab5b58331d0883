// NumPy's generator, number for number: numpy.random.default_rng(seed) and its permutation().
// Published protocols name their examples by it (big_vision's few-shot subsets), so repeating them
// takes the same draws. Everything of our own draws from random.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace vit {

class NumpyRandom {
 public:
  explicit NumpyRandom(uint64_t seed);

  uint64_t bits();                              // 64 uniform bits
  std::vector<int64_t> permutation(int64_t n);  // of {0, .., n-1}

 private:
  __extension__ using Wide = unsigned __int128;

  uint32_t half();               // 32 uniform bits: the halves of bits(), the lower one first
  uint64_t up_to(uint64_t max);  // {0, .., max}

  Wide state_ = 0, increment_ = 0;
  std::optional<uint32_t> upper_;  // of the last bits() that half() split
};

}  // namespace vit
