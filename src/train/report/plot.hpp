// Plots as SVG text that stands inside an HTML page.
#pragma once

#include "run_facts.hpp"

#include <string>
#include <vector>

namespace vit {

struct Series {
  std::string name;
  Curve points;
  bool is_dashed = false;
  size_t color = 0;  // equal numbers, equal colours
};

struct Plot {
  enum class Marks { kLine, kPoints };  // kPoints: each with its series' name beside it
  std::string title, x_label, y_label;
  Marks marks = Marks::kLine;
  bool is_x_logarithmic = false;  // points at 0 and below are left out
  bool is_y_logarithmic = false;
  std::vector<Series> series;
};

// "" when there is no finite point to show.
std::string plot_svg(const Plot& plot);

// A matrix of at most `most` classes as coloured squares, rows divided by their sums: the classes
// with the most confusions when there are more.
std::string confusion_svg(const Confusion& confusion, size_t most = 60);

// `text` with the characters that mean something in HTML written out.
std::string html_text(const std::string& text);

}  // namespace vit
