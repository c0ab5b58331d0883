// Plots as SVG text that stands inside an HTML page.
#pragma once

#include "run_facts.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace vit {

struct Series {
  std::string name;
  Curve points;
  bool is_dashed = false;
  size_t color = 0;  // equal numbers, equal looks; the first 28 differ in colour or marks
};

struct Plot {
  // kPoints: each with its series' name beside it; kLabelledLine: a line through dots, with the
  // name beside the last one unless it is dashed. Names that would overprint others are left out:
  // they appear under the pointer.
  enum class Marks { kLine, kPoints, kLabelledLine };
  std::string title, x_label, y_label;
  Marks marks = Marks::kLine;
  bool is_x_logarithmic = false;  // points at 0 and below are left out
  bool is_y_logarithmic = false;
  std::vector<Series> series;
  std::vector<std::pair<std::string, size_t>> key = {};  // what the colours mean: a text, a number
};

// How the parts of a plot look, as CSS: the page needs it once, a file of its own has it inside.
extern const char* const kPlotStyle;

// For a page; "" when there is no finite point to show. The names of lines are below.
std::string plot_svg(const Plot& plot);

// The drawing as a file of its own; "" likewise.
std::string plot_file(const Plot& plot);

// A matrix of at most `most` classes as coloured squares, rows divided by their sums: the classes
// with the most confusions when there are more. Long names are cut off, and whole under the
// pointer.
std::string confusion_svg(const Confusion& confusion, size_t most = 60);

}  // namespace vit
