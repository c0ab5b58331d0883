// The order of examples.
#include "vit/data/sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace vit {
namespace {

std::vector<int64_t> epoch(const Sampler& sampler, int64_t size, int64_t number) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < size; ++i) {
    const SamplePosition at = sampler.at(number * size + i);
    EXPECT_EQ(at.epoch, number);
    order.push_back(at.index);
  }
  return order;
}

TEST(Sampler, VisitsEveryExampleOnceAnEpoch) {
  for (const int64_t size : {1, 2, 3, 16, 17, 1000}) {
    const Sampler sampler(size, Random(1), Sampler::Order::kShuffled);
    for (const int64_t number : {0, 1, 7}) {
      std::vector<int64_t> order = epoch(sampler, size, number);
      std::sort(order.begin(), order.end());
      std::vector<int64_t> all(static_cast<size_t>(size));
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(order, all) << size << " examples, epoch " << number;
    }
  }
}

TEST(Sampler, ShufflesEveryEpochAndSeedAnew) {
  const Sampler sampler(1000, Random(1), Sampler::Order::kShuffled);
  const Sampler same(1000, Random(1), Sampler::Order::kShuffled);
  const Sampler other(1000, Random(2), Sampler::Order::kShuffled);
  const auto first = epoch(sampler, 1000, 0);
  EXPECT_FALSE(std::is_sorted(first.begin(), first.end()));
  EXPECT_NE(first, epoch(sampler, 1000, 1));
  EXPECT_NE(first, epoch(other, 1000, 0));
  EXPECT_EQ(epoch(sampler, 1000, 5), epoch(same, 1000, 5));
}

TEST(Sampler, KeepsTheOrderWhenAsked) {
  const Sampler sampler(5, Random(1), Sampler::Order::kSequential);
  EXPECT_EQ(epoch(sampler, 5, 2), (std::vector<int64_t>{0, 1, 2, 3, 4}));
}

TEST(Sampler, IsEnteredAnywhereAtOnce) {
  constexpr int64_t kSize = int64_t{1} << 40;  // no table of this size could exist
  const Sampler sampler(kSize, Random(1), Sampler::Order::kShuffled);
  const SamplePosition at = sampler.at(3 * kSize + 12345);
  EXPECT_EQ(at.epoch, 3);
  EXPECT_GE(at.index, 0);
  EXPECT_LT(at.index, kSize);
}

TEST(Sampler, SharesEveryEpochAmongRanks) {
  for (const int64_t world : {2, 3}) {
    for (const int64_t size : {1, 7, 12}) {
      const Sampler alone(size, Random(1), Sampler::Order::kShuffled);
      for (int64_t position = 0; position < 40; ++position) {
        for (int64_t rank = 0; rank < world; ++rank) {
          const Sampler shared(size, Random(1), Sampler::Order::kShuffled,
                               {.rank = rank, .world = world});
          const SamplePosition mine = shared.at(position), all = alone.at(position * world + rank);
          EXPECT_EQ(mine.index, all.index);
          EXPECT_EQ(mine.epoch, all.epoch);
        }
      }
    }
  }
}

TEST(Sampler, ShowsAnImageSeveralTimesInARow) {
  const Sampler once(10, Random(1), Sampler::Order::kShuffled);
  const Sampler thrice(10, Random(1), Sampler::Order::kShuffled, {.repeats = 3});
  for (int64_t position = 0; position < 50; ++position) {
    const SamplePosition at = thrice.at(position);
    const int64_t place = position % 10;
    EXPECT_EQ(at.epoch, position / 10);
    EXPECT_EQ(at.index, once.at(at.epoch * 10 + place / 3).index);
    EXPECT_EQ(at.repeat, place % 3);
    // Ranks share the showings.
    const Sampler second(10, Random(1), Sampler::Order::kShuffled,
                         {.repeats = 3, .rank = 1, .world = 2});
    EXPECT_EQ(second.at(position).index, thrice.at(2 * position + 1).index);
    EXPECT_EQ(second.at(position).repeat, thrice.at(2 * position + 1).repeat);
  }
}

}  // namespace
}  // namespace vit
