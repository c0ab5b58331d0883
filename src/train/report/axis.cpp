#include "axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

// The smallest of 1, 2, 5, 10, ... times a power of ten that is at least `span`.
double round_step(double span) {
  const double power = std::pow(10.0, std::floor(std::log10(span)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= span * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(double low, double high, bool is_logarithmic, double from, double to)
    : low_(is_logarithmic ? std::log10(low) : low),
      high_(is_logarithmic ? std::log10(high) : high),
      is_logarithmic_(is_logarithmic),
      from_(from),
      to_(to) {
  // A single value lies in the middle; others keep a little distance from the frame.
  const double alone = is_logarithmic ? 0.5 : 0.5 * std::abs(low_);
  const double margin = high_ > low_ ? 0.04 * (high_ - low_) : alone;
  low_ -= margin > 0 ? margin : 1;
  high_ += margin > 0 ? margin : 1;
}

double Axis::at(double value) const {
  const double place = is_logarithmic_ ? std::log10(value) : value;
  return from_ + (place - low_) / (high_ - low_) * (to_ - from_);
}

std::vector<double> Axis::ticks(int most) const {
  std::vector<double> found;
  if (is_logarithmic_ && high_ - low_ > 1) {
    // Whole powers of ten; between them 2 and 5 where there is room.
    const bool has_room = (high_ - low_) * 3 <= most;
    for (int power = static_cast<int>(std::floor(low_)); power <= high_; ++power) {
      for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor > 1 && !has_room) continue;
        const double place = power + std::log10(factor);
        if (place >= low_ && place <= high_) found.push_back(std::pow(10.0, place));
      }
    }
    return found;
  }
  const double low = is_logarithmic_ ? std::pow(10.0, low_) : low_;
  const double high = is_logarithmic_ ? std::pow(10.0, high_) : high_;
  const double step = round_step((high - low) / most);
  for (double k = std::ceil(low / step); k * step <= high; ++k)
    found.push_back(k * step + 0.0);  // no -0

  return found;
}

std::string tick_text(double value) { return fmt::format("{:.4g}", value); }

}  // namespace vit
