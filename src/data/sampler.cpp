#include "vit/data/sampler.hpp"

#include "vit/core/error.hpp"

namespace vit {

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

SamplePosition Sampler::at(int64_t position) const {
  VIT_CHECK(position >= 0, "positions start at 0");
  const int64_t number = position * sharing_.world + sharing_.rank;
  const int64_t epoch = number / size_;
  const int64_t place = number % size_ / sharing_.repeats;
  const int64_t repeat = number % size_ % sharing_.repeats;
  if (order_ == Order::kSequential) return {epoch, place, repeat};
  return {epoch, permuted(place, size_, seed_.at(static_cast<uint64_t>(epoch))), repeat};
}

}  // namespace vit
