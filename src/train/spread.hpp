// Accuracies over runs that differ in their seed alone, and how accuracies are shown.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace vit {

struct Spread {
  double mean = 0;
  double std = 0;  // of a sample (n - 1); 0 for a single value
  size_t n = 0;
};
Spread spread_of(std::span<const double> values);

// "74.02" for 0.7402; "" for what is not finite.
std::string percent(double fraction);

// "74.02 +- 0.31", a single value without its deviation; "" for none.
std::string percent(const Spread& spread);

}  // namespace vit
