#include "vit/data/sampler.hpp"

#include "vit/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace vit {
namespace {

int64_t total_size(const std::vector<Stratum>& strata) {
  return std::accumulate(strata.begin(), strata.end(), int64_t{0},
                         [](int64_t sum, const Stratum& stratum) { return sum + stratum.size; });
}

// Turn t has the numbers from first_of(t) to before first_of(t + 1): `period` of them on average,
// and at least one because no period is below 1.
int64_t first_of(int64_t turn, double period) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(turn) * period));
}

int64_t turn_of(int64_t number, double period) {
  auto turn = static_cast<int64_t>(std::floor(static_cast<double>(number) / period));
  while (first_of(turn, period) > number) --turn;  // what rounding made of it
  while (first_of(turn + 1, period) <= number) ++turn;
  return turn;
}

}  // namespace

Random augmentation_key(Random seed, const SamplePosition& at) {
  const Random key = seed.at(static_cast<uint64_t>(at.epoch)).at(static_cast<uint64_t>(at.index));
  return at.repeat == 0 ? key : key.stream("repeat").at(static_cast<uint64_t>(at.repeat));
}

Sampler::Sampler(int64_t size, Random seed, Order order) : Sampler(size, seed, order, Sharing{}) {}

Sampler::Sampler(int64_t size, Random seed, Order order, Sharing sharing)
    : size_(size), seed_(seed.stream("order")), order_(order), sharing_(sharing) {
  VIT_CHECK(sharing.repeats > 0 && sharing.rank >= 0 && sharing.rank < sharing.world,
            "a rank is one of the world's");
  VIT_CHECK(size > 0, "a sampler needs at least one example");
}

Sampler::Sampler(const std::vector<Stratum>& strata, Random seed, Sharing sharing)
    : Sampler(total_size(strata), seed, Order::kShuffled, sharing) {
  if (strata.size() == 1) return;
  std::vector<std::pair<double, Turn>> parts;  // with their shares
  int64_t begin = 0;
  double rest = 0;
  for (const Stratum& stratum : strata) {
    VIT_CHECK(stratum.size > 0 && stratum.share > 0, "a stratum has examples and a share");
    parts.push_back({stratum.share, {parts.size(), begin, stratum.size, 1}});
    begin += stratum.size;
    rest += stratum.share;
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [share, turn] : parts) {
    if (&turn != &parts.back().second) turn.period = std::max(1.0, rest / share);
    rest -= share;
    turns_.push_back(turn);
  }
}

SamplePosition Sampler::at(int64_t position) const {
  VIT_CHECK(position >= 0, "positions start at 0");
  const int64_t number = position * sharing_.world + sharing_.rank;
  if (!turns_.empty()) return among_strata(number);
  const int64_t epoch = number / size_;
  const int64_t place = number % size_ / sharing_.repeats;
  const int64_t repeat = number % size_ % sharing_.repeats;
  if (order_ == Order::kSequential) return {epoch, place, repeat};
  return {epoch, permuted(place, size_, seed_.at(static_cast<uint64_t>(epoch))), repeat};
}

SamplePosition Sampler::among_strata(int64_t number) const {
  int64_t n = number / sharing_.repeats;  // among those that come to this stratum and the rest
  for (size_t k = 0;; ++k) {              // the last one takes what is left
    const Turn& part = turns_.at(k);
    const Random key = seed_.stream("stratum").at(part.stratum);
    const int64_t turn = turn_of(n, part.period);
    const int64_t first = first_of(turn, part.period);
    const int64_t places = first_of(turn + 1, part.period) - first;
    const int64_t own = first + key.stream("turn").at(static_cast<uint64_t>(turn)).below(places);
    if (own == n) {
      const int64_t pass = turn / part.size;
      const int64_t place =
          permuted(turn % part.size, part.size, key.at(static_cast<uint64_t>(pass)));
      return {pass, part.begin + place, number % sharing_.repeats};
    }
    n -= turn + (own < n ? 1 : 0);
  }
}

}  // namespace vit
