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
  // kPoints: each with its series' name beside it; kLabelledLine: a line through dots, with the
  // name beside the last one unless it is dashed.
  enum class Marks { kLine, kPoints, kLabelledLine };
  std::string title, x_label, y_label;
  Marks marks = Marks::kLine;
  bool is_x_logarithmic = false;  // points at 0 and below are left out
  bool is_y_logarithmic = false;
  std::vector<Series> series;
};

// How the parts of a plot look, as CSS: the page needs it once, a file of its own has it inside.
extern const char* const kPlotStyle;

// For a page; "" when there is no finite point to show. Lines without names have them below.
std::string plot_svg(const Plot& plot);

// The drawing as a file of its own; "" likewise.
std::string plot_file(const Plot& plot);

// A matrix of at most `most` classes as coloured squares, rows divided by their sums: the classes
// with the most confusions when there are more.
std::string confusion_svg(const Confusion& confusion, size_t most = 60);

// `text` with the characters that mean something in HTML written out.
std::string html_text(const std::string& text);

}  // namespace vit
