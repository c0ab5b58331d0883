// Finds the 64-bit hashes that differ from a given one in few bits, without looking at all of them:
// multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index
// Hashing", CVPR 2012). Hashes lie in four tables by their 16-bit quarters; of hashes that differ
// in at most d bits at least one quarter differs in at most d / 4. Private to the data library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace vit::detail {

class HashIndex {
 public:
  explicit HashIndex(int most_bits);  // that found hashes differ in

  void add(uint64_t hash);  // under the numbers 0, 1, ..
  uint64_t hash(uint32_t number) const { return hashes_.at(number); }

  // The numbers of all that are near enough, each once, in no particular order. Thread-safe.
  void find(uint64_t hash, std::vector<uint32_t>& found) const;

 private:
  static constexpr size_t kQuarters = 4;
  bool found_before(uint64_t difference, size_t quarter) const;

  int most_bits_, quarter_bits_;
  std::vector<uint16_t> flips_;  // all that differ from 0 in at most quarter_bits_
  std::vector<uint64_t> hashes_;
  std::array<std::vector<std::vector<uint32_t>>, kQuarters> tables_;
};

}  // namespace vit::detail
