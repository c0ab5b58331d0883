#include "vit/core/duration.hpp"

#include "vit/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace vit {
namespace {

struct UnitName {
  std::string_view name;
  Duration::Unit unit;
  double factor;
};

// Plural forms are made by adding an s; the first name of a unit is the one written.
constexpr std::array kUnits = {
    UnitName{"step", Duration::Unit::kSteps, 1},
    UnitName{"st", Duration::Unit::kSteps, 1},
    UnitName{"epoch", Duration::Unit::kEpochs, 1},
    UnitName{"ep", Duration::Unit::kEpochs, 1},
    UnitName{"example", Duration::Unit::kExamples, 1},
    UnitName{"ex", Duration::Unit::kExamples, 1},
    UnitName{"percent", Duration::Unit::kPercent, 1},
    UnitName{"%", Duration::Unit::kPercent, 1},
    UnitName{"second", Duration::Unit::kSeconds, 1},
    UnitName{"sec", Duration::Unit::kSeconds, 1},
    UnitName{"s", Duration::Unit::kSeconds, 1},
    UnitName{"minute", Duration::Unit::kSeconds, 60},
    UnitName{"min", Duration::Unit::kSeconds, 60},
    UnitName{"m", Duration::Unit::kSeconds, 60},
    UnitName{"hour", Duration::Unit::kSeconds, 3600},
    UnitName{"h", Duration::Unit::kSeconds, 3600},
};

const UnitName* find_unit(std::string_view name) {
  for (const UnitName& unit : kUnits) {
    if (name == unit.name) return &unit;
    const bool has_plural = unit.name.size() > 2 && unit.unit != Duration::Unit::kPercent;
    if (has_plural && name.size() == unit.name.size() + 1 && name.starts_with(unit.name) &&
        name.ends_with('s')) {
      return &unit;
    }
  }
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

[[noreturn]] void refuse(std::string_view text) {
  throw std::invalid_argument(fmt::format(
      "expected a number and a unit such as '300 epochs', '10000 steps', '5 percent' or "
      "'2 hours', got '{}'",
      text));
}

std::string_view written_name(Duration::Unit unit) {
  return std::find_if(kUnits.begin(), kUnits.end(),
                      [unit](const UnitName& u) { return u.unit == unit; })
      ->name;
}

}  // namespace

Duration parse_duration(std::string_view text) {
  const std::string_view whole = trimmed(text);
  Duration duration;
  const auto [end, error] =
      std::from_chars(whole.data(), whole.data() + whole.size(), duration.value);
  if (error != std::errc() || !std::isfinite(duration.value)) refuse(text);
  const std::string_view name = trimmed(whole.substr(static_cast<size_t>(end - whole.data())));
  const UnitName* unit = find_unit(name);
  if (unit == nullptr) refuse(text);
  if (std::signbit(duration.value) && duration.value != 0) {
    throw std::invalid_argument(fmt::format("a length of time cannot be negative, got '{}'", text));
  }
  duration.value = std::abs(duration.value) * unit->factor;
  duration.unit = unit->unit;
  return duration;
}

std::string to_string(const Duration& duration) {
  const bool plural = duration.value != 1 && duration.unit != Duration::Unit::kPercent;
  return fmt::format("{} {}{}", duration.value, written_name(duration.unit), plural ? "s" : "");
}

int64_t in_steps(const Duration& duration, const RunLength& length) {
  const auto batch = static_cast<double>(length.batch_examples);
  double steps = 0;
  switch (duration.unit) {
    case Duration::Unit::kSteps:
      steps = duration.value;
      break;
    case Duration::Unit::kEpochs:
      steps = duration.value * static_cast<double>(length.epoch_examples) / batch;
      break;
    case Duration::Unit::kExamples:
      steps = duration.value / batch;
      break;
    case Duration::Unit::kPercent:
      if (length.total_steps == 0) {
        throw ConfigError(
            fmt::format("the length of the run cannot be given as '{}' of itself\n"
                        "use steps, epochs or examples: steps: 300 epochs",
                        to_string(duration)));
      }
      steps = duration.value / 100 * static_cast<double>(length.total_steps);
      break;
    case Duration::Unit::kSeconds:
      throw ConfigError(
          fmt::format("'{}' is wall-clock time, which has no fixed number of steps\n"
                      "use steps, epochs, examples or percent here",
                      to_string(duration)));
  }
  constexpr double kMaxSteps = 1e15;  // far beyond any run, and exact in a double
  if (!(steps < kMaxSteps)) {
    throw ConfigError(fmt::format("'{}' is too long: {:.3g} steps", to_string(duration), steps));
  }
  return duration.value > 0 ? std::max<int64_t>(1, std::llround(steps)) : 0;
}

}  // namespace vit
