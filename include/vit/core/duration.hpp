// Lengths of time in the units users think in: "300 epochs", "10000 steps", "5 percent", "2 hours".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vit {

struct Duration {
  enum class Unit { kSteps, kEpochs, kExamples, kPercent, kSeconds };
  double value = 0;
  Unit unit = Unit::kSteps;

  static constexpr Duration steps(double n) { return {n, Unit::kSteps}; }
  static constexpr Duration epochs(double n) { return {n, Unit::kEpochs}; }
  static constexpr Duration percent(double n) { return {n, Unit::kPercent}; }
  static constexpr Duration seconds(double n) { return {n, Unit::kSeconds}; }

  bool operator==(const Duration&) const = default;
};

// Reads "300 epochs", "1 epoch", "90ep", "500st", "10000 examples", "5%", "5 percent", "30
// seconds", "10 minutes", "2 hours", "90s", "15m", "2h". Throws std::invalid_argument with words
// for the user when the text is none of these.
Duration parse_duration(std::string_view text);

// The long form that parse_duration reads back to the same value: "300 epochs", "1 epoch", "7200
// seconds".
std::string to_string(const Duration& duration);

// What turns durations into steps of one run.
struct RunLength {
  int64_t total_steps = 0;     // 0 while it is not known yet (percent is then an error)
  int64_t batch_examples = 1;  // examples per step, all processes together
  int64_t epoch_examples = 1;  // examples in one pass over the training split
};

// Rounded to the nearest step; never below 1 for a positive duration. Throws ConfigError for
// wall-clock units, and for percent while total_steps is 0.
int64_t in_steps(const Duration& duration, const RunLength& length);

}  // namespace vit
