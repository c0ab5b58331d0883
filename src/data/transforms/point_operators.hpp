// Operators that change colours and leave the geometry: those of RandAugment and its kin, and what
// color_jitter and three_augment need besides. Two arithmetics under one name each: Pillow's (timm,
// torchvision) and TensorFlow's (big_vision). They differ in rounding, in the weights of luma and
// in what `contrast` takes for the mean. In place; gray images are one channel of the same.
#pragma once

#include "vit/data/image.hpp"

#include <cstdint>

namespace vit::detail {

enum class Arithmetic { kPillow, kTensorflow };

// Each channel stretched so that its darkest value becomes 0 and its brightest 255.
void autocontrast(Image& image, Arithmetic arithmetic);
// Each channel's values spread by its histogram.
void equalize(Image& image);
void invert(Image& image);
// Keeps the `bits` highest bits. 0 bits: black with Pillow's arithmetic (its current versions
// refuse that, earlier ones and timm's tables mean it); TensorFlow shifts by at most 7, so one bit
// stays.
void posterize(Image& image, int64_t bits, Arithmetic arithmetic);
// Inverts values from `threshold` upwards.
void solarize(Image& image, double threshold);
// Adds to values below 128.
void solarize_add(Image& image, int64_t amount);

// Factor 1 changes nothing; 0 is gray, evenly gray, black and blurred respectively; above 1 is more
// than there was.
void color(Image& image, float factor, Arithmetic arithmetic);
void contrast(Image& image, float factor, Arithmetic arithmetic);
void brightness(Image& image, float factor);
void sharpness(Image& image, float factor, Arithmetic arithmetic);

// Luma in every channel, as Pillow's convert("L").
void grayscale(Image& image);
// Turns the hue by `turn` (-0.5 to 0.5) of the circle, through Pillow's 8-bit HSV as torchvision.
void shift_hue(Image& image, double turn);

}  // namespace vit::detail
