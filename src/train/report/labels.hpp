// Where the names of the dots of a plot can stand without overprinting each other.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vit {

// Pixels; y grows downwards.
struct Box {
  double left, top, right, bottom;
};

struct LabelPlace {
  double x, y;        // of the base line
  const char* style;  // CSS class: "name", "x" or "y", for text that begins, centres or ends at x
};

class LabelPlaces {
 public:
  // Labels stay inside `frame`.
  explicit LabelPlaces(const Box& frame) : frame_(frame) {}

  // No label is put on this.
  void keep_free(const Box& box) { taken_.push_back(box); }
  // A place for `text` beside the dot at (x, y), which is taken from then on; nothing where there
  // is none. `above_first`: rather above the dot than in line with it, where lines run.
  std::optional<LabelPlace> place(double x, double y, const std::string& text, bool above_first);

 private:
  bool is_free(const Box& box) const;

  Box frame_;
  std::vector<Box> taken_;
};

}  // namespace vit
