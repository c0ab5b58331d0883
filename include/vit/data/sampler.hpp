// The order of training examples: example number p of the run is in epoch p / size, at place p %
// size of that epoch's permutation. A function of (seed, p) alone, so a run can be entered
// anywhere.
#pragma once

#include "vit/core/random.hpp"

#include <cstdint>

namespace vit {

struct SamplePosition {
  int64_t epoch = 0;
  int64_t index = 0;  // into the dataset
};

class Sampler {
 public:
  enum class Order { kShuffled, kSequential };
  Sampler(int64_t size, Random seed, Order order);
  SamplePosition at(int64_t position) const;

 private:
  int64_t size_;
  Random seed_;
  Order order_;
};

}  // namespace vit
