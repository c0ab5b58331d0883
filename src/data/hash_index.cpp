#include "hash_index.hpp"

#include <bit>

namespace vit::detail {
namespace {

uint16_t part(uint64_t hash, size_t quarter) { return static_cast<uint16_t>(hash >> 16 * quarter); }

}  // namespace

HashIndex::HashIndex(int most_bits) : most_bits_(most_bits), quarter_bits_(most_bits / 4) {
  for (uint32_t flip = 0; flip <= UINT16_MAX; ++flip) {
    if (std::popcount(flip) <= quarter_bits_) flips_.push_back(static_cast<uint16_t>(flip));
  }
  for (auto& table : tables_) table.resize(size_t{UINT16_MAX} + 1);
}

void HashIndex::add(uint64_t hash) {
  const auto number = static_cast<uint32_t>(hashes_.size());
  hashes_.push_back(hash);
  for (size_t q = 0; q < kQuarters; ++q) tables_[q][part(hash, q)].push_back(number);
}

// Whether a quarter before this one has led to the hash already.
bool HashIndex::found_before(uint64_t difference, size_t quarter) const {
  for (size_t q = 0; q < quarter; ++q) {
    if (std::popcount(part(difference, q)) <= quarter_bits_) return true;
  }
  return false;
}

void HashIndex::find(uint64_t hash, std::vector<uint32_t>& found) const {
  constexpr size_t kLookup =
      8;  // a look into a table costs as much as so many comparisons in a row
  if (hashes_.size() < kLookup * kQuarters * flips_.size()) {
    for (size_t i = 0; i < hashes_.size(); ++i) {
      if (std::popcount(hashes_[i] ^ hash) <= most_bits_) found.push_back(static_cast<uint32_t>(i));
    }
    return;
  }
  for (size_t q = 0; q < kQuarters; ++q) {
    for (const uint16_t flip : flips_) {
      for (const uint32_t number : tables_[q][part(hash, q) ^ flip]) {
        const uint64_t difference = hashes_[number] ^ hash;
        if (std::popcount(difference) <= most_bits_ && !found_before(difference, q))
          found.push_back(number);
      }
    }
  }
}

}  // namespace vit::detail
