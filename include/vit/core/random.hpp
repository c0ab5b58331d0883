// Counter-based randomness: every draw is a function of (seed, stream names, indices, draw number).
//
// Nothing is carried from one step to the next, so nothing is saved: a sample's augmentation is
// Random(seed).stream("augment").at(epoch).at(index), whoever computes it and whenever. A Random is
// a small value; copy it freely. Drawing advances a counter local to that copy.
#pragma once

#include <cstdint>
#include <string_view>

namespace vit {

class Random {
 public:
  explicit Random(uint64_t seed);

  // Independent child generators; do not depend on how many numbers were drawn from this one.
  Random stream(std::string_view name) const;
  Random at(uint64_t index) const;

  uint64_t bits();                          // 64 uniform bits
  double uniform();                         // [0, 1), 53 bits
  double uniform(double low, double high);  // [low, high)
  int64_t below(int64_t n);                 // {0, .., n-1}, n >= 1, unbiased
  bool chance(double probability);          // true with that probability
  double normal();                          // mean 0, standard deviation 1
  double beta(double a, double b);          // of Beta(a, b) on [0, 1]; a, b >= 1e-3

 private:
  uint64_t key_;
  uint64_t drawn_ = 0;
};

// The place of `position` in a pseudo-random permutation of {0, .., size-1} chosen by `key`: O(1)
// time and memory (a cycle-walking Feistel network), so a data order needs no table and can be
// entered anywhere.
int64_t permuted(int64_t position, int64_t size, Random key);

}  // namespace vit
