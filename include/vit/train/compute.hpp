// Compute accounting as in the paper: what a training run costs, whatever it ran on.
#pragma once

#include "vit/models/model.hpp"

#include <cstdint>

namespace vit {

// exaFLOPs of training on `images` images (counted as often as they were shown): two operations a
// multiply-accumulate, forward and twice that backward, padding not counted. Gives Table 6 of
// Dosovitskiy et al. 2021 within 2 % of its whole numbers, but for its row R50x1+ViT-L/16 at 7
// epochs, which is not half of the row at 14.
double training_exaflops(const ModelCost& cost, int64_t images);

}  // namespace vit
