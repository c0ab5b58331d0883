// tf.image.resize(method="bilinear", antialias=False) on bytes, cast to uint8 as big_vision does.
// Private to the data library.
#pragma once

#include "resampler.hpp"

namespace vit::detail {

void tensorflow_bilinear(const Pixels& pixels, const Sampling& sampling, const Raster& target);

}  // namespace vit::detail
