// The order of examples.
#include "vit/data/sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
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

// Which stratum an index lies in.
size_t stratum_of(const std::vector<Stratum>& strata, int64_t index) {
  size_t i = 0;
  while (index >= strata[i].size) index -= strata[i++].size;
  return i;
}

TEST(SamplerOfStrata, GivesEachItsShareInEveryStretch) {
  const std::vector<Stratum> strata = {{50, 3}, {1000, 1}, {7, 4}, {20, 0.5}};
  const Sampler sampler(strata, Random(1), {});
  std::vector<double> counts(strata.size());
  double whole = 0;
  for (const Stratum& stratum : strata) whole += stratum.share;
  for (int64_t n = 0; n < 5000; ++n) {
    const SamplePosition at = sampler.at(n);
    ASSERT_GE(at.index, 0);
    ASSERT_LT(at.index, 1077);
    ++counts[stratum_of(strata, at.index)];
    for (size_t i = 0; i < strata.size(); ++i) {
      const double wanted = static_cast<double>(n + 1) * strata[i].share / whole;
      ASSERT_NEAR(counts[i], wanted, 4) << "stratum " << i << " after " << n + 1;
    }
  }
}

TEST(SamplerOfStrata, ShowsAllOfAStratumBeforeAnyAgain) {
  const std::vector<Stratum> strata = {{50, 3}, {1000, 1}, {7, 4}};
  const Sampler sampler(strata, Random(1), {});
  std::vector<std::vector<int64_t>> shown(strata.size()), passes(strata.size());
  for (int64_t n = 0; n < 5000; ++n) {
    const SamplePosition at = sampler.at(n);
    shown[stratum_of(strata, at.index)].push_back(at.index);
    passes[stratum_of(strata, at.index)].push_back(at.epoch);
  }
  for (size_t i = 0; i < strata.size(); ++i) {
    const auto size = static_cast<size_t>(strata[i].size);
    ASSERT_GT(shown[i].size(), size / 2);
    for (size_t begin = 0; begin < shown[i].size(); begin += size) {
      const size_t end = std::min(begin + size, shown[i].size());
      const std::set<int64_t> pass(shown[i].begin() + static_cast<int64_t>(begin),
                                   shown[i].begin() + static_cast<int64_t>(end));
      EXPECT_EQ(pass.size(), end - begin) << "stratum " << i << " from " << begin;
      EXPECT_EQ(passes[i][begin], static_cast<int64_t>(begin / size));
      EXPECT_EQ(passes[i][end - 1], static_cast<int64_t>(begin / size));
    }
  }
  const auto first = shown[2].begin();
  EXPECT_FALSE(std::equal(first, first + 7, first + 7));  // another order the next time
}

TEST(SamplerOfStrata, IsTheSameFromAnyPlaceForAnyRanks) {
  const std::vector<Stratum> strata = {{int64_t{1} << 40, 3}, {1000, 1}};
  const Sampler alone(strata, Random(1), {}), again(strata, Random(1), {}),
      other(strata, Random(2), {});
  constexpr int64_t kFar = 4'000'000'000'000;
  int differences = 0;
  for (int64_t n = kFar + 39; n >= kFar; --n) {
    EXPECT_EQ(again.at(n).index, alone.at(n).index);
    differences += other.at(n).index != alone.at(n).index;
    for (const int64_t world : {2, 4}) {
      const Sampler shared(strata, Random(1), {.rank = n % world, .world = world});
      EXPECT_EQ(shared.at(n / world).index, alone.at(n).index);
    }
  }
  EXPECT_GT(differences, 35);
  // No rank gets one stratum only, though the shares divide by their number.
  std::set<size_t> seen;
  const Sampler last(strata, Random(1), {.rank = 3, .world = 4});
  for (int64_t n = 0; n < 40; ++n) seen.insert(stratum_of(strata, last.at(n).index));
  EXPECT_EQ(seen.size(), 2u);
}

TEST(SamplerOfStrata, RepeatsInARow) {
  const std::vector<Stratum> strata = {{10, 3}, {20, 1}};
  const Sampler once(strata, Random(1), {}), thrice(strata, Random(1), {.repeats = 3});
  for (int64_t n = 0; n < 300; ++n) {
    EXPECT_EQ(thrice.at(n).index, once.at(n / 3).index);
    EXPECT_EQ(thrice.at(n).repeat, n % 3);
  }
}

TEST(SamplerOfStrata, IsThePlainOneForOne) {
  const Sampler plain(17, Random(1), Sampler::Order::kShuffled), one({{17, 5}}, Random(1), {});
  for (int64_t n = 0; n < 60; ++n) EXPECT_EQ(one.at(n).index, plain.at(n).index);
}

}  // namespace
}  // namespace vit
