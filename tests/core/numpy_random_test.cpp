// Against numpy.random.default_rng; the draws of whole few-shot protocols are compared in
// train/few_shot_test.cpp.
#include "vit/core/numpy_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace vit {
namespace {

TEST(NumpyRandom, DrawsWhatDefaultRngDraws) {
  // default_rng(0).random(): the upper 53 bits.
  EXPECT_DOUBLE_EQ(static_cast<double>(NumpyRandom(0).bits() >> 11) * 0x1.0p-53,
                   0.6369616873214543);
}

TEST(NumpyRandom, SeedsOfMoreThan32BitsCountWhole) {
  EXPECT_NE(NumpyRandom(1).bits(), NumpyRandom(1 + (uint64_t{1} << 32)).bits());
}

TEST(NumpyRandom, PermutationsHoldEveryPlaceOnce) {
  NumpyRandom random(3);
  for (const int64_t n : {0, 1, 2, 7, 1000}) {
    std::vector<int64_t> order = random.permutation(n), places(static_cast<size_t>(n));
    std::iota(places.begin(), places.end(), int64_t{0});
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, places);
  }
}

TEST(NumpyRandom, GoesOnFromOnePermutationToTheNext) {
  NumpyRandom random(0);
  EXPECT_NE(random.permutation(100), random.permutation(100));
}

}  // namespace
}  // namespace vit
