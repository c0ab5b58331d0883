#include "train/spread.hpp"

#include <fmt/format.h>

#include <cmath>

namespace vit {

Spread spread_of(std::span<const double> values) {
  Spread spread{0, 0, values.size()};
  if (values.empty()) return spread;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) spread.mean += value / n;
  if (values.size() < 2) return spread;
  for (const double value : values) spread.std += std::pow(value - spread.mean, 2) / (n - 1);
  spread.std = std::sqrt(spread.std);
  return spread;
}

std::string percent(double fraction) {
  return std::isfinite(fraction) ? fmt::format("{:.2f}", 100 * fraction) : "";
}

std::string percent(const Spread& spread) {
  if (spread.n == 0) return "";
  const std::string mean = percent(spread.mean);
  return spread.n == 1 ? mean : fmt::format("{} \u00b1 {}", mean, percent(spread.std));
}

}  // namespace vit
