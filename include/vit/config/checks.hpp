// What a value must satisfy beside its type, as plain data: the reader tests it, help, reference
// and JSON Schema print it.
//
//   field<&Config::dropout>("Dropout rate.", in_range(0.0, 1.0))
//
// Numbers in lists, optionals, sizes and durations are tested one by one. A check also holds for
// defaults, so `not_empty` on a member that is empty by default makes its key mandatory.
#pragma once

#include <array>
#include <cstddef>

namespace vit::config {

struct Check {
  enum class Kind { kNone, kAbove, kAtLeast, kBelow, kAtMost, kRange, kOneOf, kNotEmpty };
  static constexpr size_t kMaxWords = 8;

  Kind kind = Kind::kNone;
  double low = 0, high = 0;
  std::array<const char*, kMaxWords> words = {};  // kOneOf; unused ones are null
};

inline constexpr Check positive{Check::Kind::kAbove, 0.0, 0.0, {}};
inline constexpr Check non_negative{Check::Kind::kAtLeast, 0.0, 0.0, {}};
inline constexpr Check not_empty{Check::Kind::kNotEmpty, 0.0, 0.0, {}};  // text, paths and lists

constexpr Check above(double x) { return {Check::Kind::kAbove, x, 0.0, {}}; }
constexpr Check at_least(double x) { return {Check::Kind::kAtLeast, x, 0.0, {}}; }
constexpr Check below(double x) { return {Check::Kind::kBelow, 0.0, x, {}}; }
constexpr Check at_most(double x) { return {Check::Kind::kAtMost, 0.0, x, {}}; }
constexpr Check in_range(double low, double high) {
  return {Check::Kind::kRange, low, high, {}};
}  // both ends belong

// One of these words. Prefer an enum when the program branches on the value.
template <class... Words>
constexpr Check one_of(Words... words) {
  static_assert(sizeof...(Words) <= Check::kMaxWords, "too many words: use an enum");
  return {Check::Kind::kOneOf, 0.0, 0.0, {words...}};
}

}  // namespace vit::config
