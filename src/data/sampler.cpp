#include "vit/data/sampler.hpp"

#include "vit/core/error.hpp"

namespace vit {

Sampler::Sampler(int64_t size, Random seed, Order order)
    : size_(size), seed_(seed.stream("order")), order_(order) {
  VIT_CHECK(size > 0, "a sampler needs at least one example");
}

SamplePosition Sampler::at(int64_t position) const {
  VIT_CHECK(position >= 0, "positions start at 0");
  const int64_t epoch = position / size_;
  const int64_t place = position % size_;
  if (order_ == Order::kSequential) return {epoch, place};
  return {epoch, permuted(place, size_, seed_.at(static_cast<uint64_t>(epoch)))};
}

}  // namespace vit
