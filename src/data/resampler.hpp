// Resampling from pixels to wherever they are wanted, in whole passes with the kernels of
// resample_kernels.hpp. Private to the data library.
#pragma once

#include "vit/data/crop_plan.hpp"

#include "resample_kernels.hpp"

namespace vit::detail {

struct Sampling {
  Axis rows, columns;  // of all the pixels given
  Box window;          // part of the result that is wanted
  Interpolation interpolation = Interpolation::kBilinear;
  bool mirrored = false;
};

// For the pixels in plan.box.
Sampling sampling_of(const CropPlan& plan);

// The plan must suit a picture of that size; throws DataError for a result of absurd size.
void check_plan(const CropPlan& plan, Extent image);

// `target` has the size of the window.
void resample(const Pixels& pixels, const Sampling& sampling, const Raster& target,
              const Kernels& kernels);

}  // namespace vit::detail
