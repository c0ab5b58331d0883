// Damage at random, but the same in every run. VIT_FUZZ_ROUNDS asks for more rounds than an
// ordinary test run has; a build with VIT_SANITIZE=address,undefined sees more.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

namespace vit::test {

inline size_t fuzz_rounds(size_t usual) {
  const char* wanted = std::getenv("VIT_FUZZ_ROUNDS");
  return wanted != nullptr ? static_cast<size_t>(std::atoll(wanted)) : usual;
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  // Mostly one change, and mostly one that moves nothing, to get past the first checks.
  std::string mutate(std::string bytes, const std::string& other) {
    const size_t changes = below(3) == 0 ? 1 + below(4) : 1;
    for (size_t i = 0; i < changes; ++i) change(bytes, other);
    return bytes;
  }

 private:
  void change(std::string& bytes, const std::string& other) {
    const size_t at = below(bytes.size()), kind = below(16);
    if (kind < 6) {
      flip_bit(bytes, at);
    } else if (kind < 11) {
      set_number(bytes, at);
    } else if (kind < 13) {  // a piece of another file, or of this one, over or between
      const std::string& from = below(2) ? other : bytes;
      const std::string piece = from.substr(below(from.size()), 1 + below(64));
      bytes.replace(at, below(4) ? piece.size() : 0, piece);
    } else if (kind == 13) {
      bytes.resize(at);
    } else if (kind == 14) {
      bytes.erase(at, 1 + below(8));
    } else {
      bytes.insert(at, 1 + below(64), static_cast<char>(random_()));
    }
  }

  void flip_bit(std::string& bytes, size_t at) {
    if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
  }

  // A length, an offset, a count: of 1, 2, 4 or 8 bytes, with a value at some edge.
  void set_number(std::string& bytes, size_t at) {
    const std::array<uint64_t, 12> values = {
        0,          1,          0x7f,         0xff,
        0xffff,     0x7fffffff, 0xffffffff,   uint64_t{1} << 40,
        ~0ull >> 1, ~0ull,      bytes.size(), random_()};
    const uint64_t value = values[below(values.size())] - below(2);
    const size_t size = size_t{1} << below(4);
    if (at + size <= bytes.size()) std::memcpy(bytes.data() + at, &value, size);
  }

  std::mt19937_64 random_;
};

}  // namespace vit::test
