// What cropping, resizing and mirroring do to a picture, as a value that follows from its size
// alone. So it can be known before the picture is decoded, and then only the part that is looked at
// has to be.
#pragma once

#include "vit/data/resample.hpp"

#include <optional>

namespace vit {

struct CropPlan {
  Box box;      // part of the picture; pixels outside do not contribute
  Extent size;  // what the box is resized to
  Box window;   // part of that which is kept
  Interpolation interpolation = Interpolation::kBilinear;
  bool mirrored = false;  // left and right, at the end

  Extent result() const { return {window.height, window.width}; }
  bool resizes() const { return size != Extent{box.height, box.width}; }
  bool operator==(const CropPlan&) const = default;
};

// The plans of single steps for a picture of the given size.
CropPlan whole_plan(Extent image);
CropPlan crop_plan(const Box& box);
CropPlan resize_plan(const Box& box, Extent size, Interpolation interpolation);

// `first`, then `next` (a plan for a picture of the size first.result()) as one plan with the same
// pixels; none if both resize, for the second would work on rounded pixels.
std::optional<CropPlan> followed_by(const CropPlan& first, const CropPlan& next);

// Carries the plan out. Throws DataError for a result of absurd size.
Image apply_plan(const Image& image, const CropPlan& plan);

}  // namespace vit
