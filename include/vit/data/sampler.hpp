// The order of training examples: example number p of the run is in epoch p / size, at place p %
// size of that epoch's permutation. A function of (seed, p) alone, so a run can be entered
// anywhere.
//
// Ranks share the stream: example p of rank r of w is number p * w + r, so together they see every
// example once an epoch, whatever w is. Repeated augmentation (Hoffer et al. 2020, as DeiT trains)
// shows an image several times in a row, augmented anew each time; an epoch keeps its length and
// covers the first 1 / repeats of its permutation, as in DeiT's RASampler.
//
// Data made of several strata (a mixture with weights) give each its share of the stream, and each
// goes through a permutation of its own, again and again, whatever the others do. A stratum with
// the share 1/4 has one example among every four, at a random place among them.
#pragma once

#include "vit/core/random.hpp"

#include <cstdint>
#include <vector>

namespace vit {

struct SamplePosition {
  int64_t epoch = 0;   // which showing of the index: the pass over the data, or over its stratum
  int64_t index = 0;   // into the dataset
  int64_t repeat = 0;  // which showing of it in a row
};

// Neighbouring examples of a data set that are drawn by a share of their own.
struct Stratum {
  int64_t size = 0;
  double share = 1;  // relative to those of the other strata
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
  // Shuffled, over data made of these strata one after the other; one alone is the same as its
  // size.
  Sampler(const std::vector<Stratum>& strata, Random seed, Sharing sharing);
  SamplePosition at(int64_t position) const;

 private:
  // A stratum and the rest after it: of the examples that come to the two, one in every `period`
  // goes to the stratum.
  struct Turn {
    uint64_t stratum = 0;
    int64_t begin = 0, size = 0;  // its examples
    double period = 1;
  };
  SamplePosition among_strata(int64_t number) const;

  int64_t size_;
  Random seed_;
  Order order_;
  Sharing sharing_;
  std::vector<Turn> turns_;  // the smallest share first; empty: one stratum
};

}  // namespace vit
