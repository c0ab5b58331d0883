// One axis of a plot: from values to pixels, and where its marks are.
#pragma once

#include <string>
#include <vector>

namespace vit {

class Axis {
 public:
  // `from` and `to` in pixels; values outside low .. high lie outside of them.
  Axis(double low, double high, bool is_logarithmic, double from, double to);

  double at(double value) const;
  // Round values (1, 2 or 5 times a power of ten), at most about `most` of them.
  std::vector<double> ticks(int most) const;

 private:
  double low_, high_;
  bool is_logarithmic_;
  double from_, to_;
};

// The shortest usual form: 0.001, 0.5, 20, 1e+06.
std::string tick_text(double value);

}  // namespace vit
