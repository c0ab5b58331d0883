#include "labels.hpp"

#include "html.hpp"

#include <algorithm>
#include <iterator>

namespace vit {
namespace {

// From the dot to the text; `along`: the part of the text's width that is left of its x.
struct Beside {
  double dx, dy, along;
  const char* style;
};

// Those to the sides leave room for each other.
constexpr Beside kBeside[] = {
    {7, 4, 0, "name"},  {-7, 4, 1, "y"},    {6, -10, 0, "name"}, {-6, -10, 1, "y"},
    {0, -10, 0.5, "x"}, {6, 18, 0, "name"}, {-6, 18, 1, "y"},    {0, 18, 0.5, "x"},
};
constexpr size_t kInLine = 2;  // so many of these are beside the dot, the others above and below

// Of 12 px letters; wide ones reach over, narrow ones leave a gap.
constexpr double kLetter = 6.5, kAscent = 10, kDescent = 3;

}  // namespace

bool LabelPlaces::is_free(const Box& box) const {
  if (box.left < frame_.left || box.right > frame_.right || box.top < frame_.top ||
      box.bottom > frame_.bottom)
    return false;
  return std::ranges::none_of(taken_, [&](const Box& other) {
    return box.left < other.right && other.left < box.right && box.top < other.bottom &&
           other.top < box.bottom;
  });
}

std::optional<LabelPlace> LabelPlaces::place(double x, double y, const std::string& text,
                                             bool above_first) {
  const double width = kLetter * static_cast<double>(characters_in(text));
  const size_t first = above_first ? kInLine : 0;
  for (size_t i = 0; i < std::size(kBeside); ++i) {
    const Beside& beside = kBeside[(first + i) % std::size(kBeside)];
    const LabelPlace at{x + beside.dx, y + beside.dy, beside.style};
    const double left = at.x - beside.along * width;
    const Box box{left, at.y - kAscent, left + width, at.y + kDescent};
    if (!is_free(box)) continue;
    taken_.push_back(box);
    return at;
  }
  return std::nullopt;
}

}  // namespace vit
