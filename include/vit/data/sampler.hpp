// The order of training examples: example number p of the run is in epoch p / size, at place p %
// size of that epoch's permutation. A function of (seed, p) alone, so a run can be entered
// anywhere.
//
// Ranks share the stream: example p of rank r of w is number p * w + r, so together they see every
// example once an epoch, whatever w is. Repeated augmentation (Hoffer et al. 2020, as DeiT trains)
// shows an image several times in a row, augmented anew each time; an epoch keeps its length and
// covers the first 1 / repeats of its permutation, as in DeiT's RASampler.
#pragma once

#include "vit/core/random.hpp"

#include <cstdint>

namespace vit {

struct SamplePosition {
  int64_t epoch = 0;
  int64_t index = 0;   // into the dataset
  int64_t repeat = 0;  // which showing of it in a row
};

// What augments the example at that position: a child of the run's `seed` for this alone.
Random augmentation_key(Random seed, const SamplePosition& at);

class Sampler {
 public:
  enum class Order { kShuffled, kSequential };
  // `repeats` showings in a row, this process being `rank` of `world`.
  struct Sharing {
    int64_t repeats = 1;
    int64_t rank = 0, world = 1;
  };
  Sampler(int64_t size, Random seed, Order order);
  Sampler(int64_t size, Random seed, Order order, Sharing sharing);
  SamplePosition at(int64_t position) const;

 private:
  int64_t size_;
  Random seed_;
  Order order_;
  Sharing sharing_;
};

}  // namespace vit
