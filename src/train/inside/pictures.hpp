// The figures of Dosovitskiy et al. 2021 about what a network has learnt, as pictures.
#pragma once

#include "vit/data/image.hpp"

#include "attention.hpp"

#include <ATen/core/Tensor.h>

#include <filesystem>

namespace vit {

// Figure 7, left: components [K, C, p, q] (C = 1 or 3) seven to a row, each from its least to its
// largest weight over all channels.
Image filter_sheet(const at::Tensor& components);

// Figures 7, centre, and 10: for each patch of [h, w, h, w] a map of its similarity to all patches,
// from -1 (violet) to 1 (yellow). Of a grid with more than eight rows or columns seven are shown,
// evenly spaced, the outermost among them.
Image similarity_sheet(const at::Tensor& similarity);

// An image as the network sees it, with pixels enlarged where that is tiny. `pitch` is that of the
// patches in its pixels.
struct Seen {
  Image picture;
  double pitch = 0;
};
Seen as_seen(Image input, const TokenPlaces& places);

// Figures 6 and 14: the image, and beside it the image in the light of the rollout [h, w], which is
// blurred by the size of a patch.
Image rollout_picture(const Seen& seen, const at::Tensor& mask);

// The image and one layer's attention maps [H, h, w], a tile a head, each from 0 to its largest
// value.
Image head_sheet(const Seen& seen, const at::Tensor& maps);

// encode_png to a file, written whole or not at all. Throws DataError.
void write_png(const std::filesystem::path& file, const Image& image);

// Makes a folder to write into. Throws DataError.
void make_folder(const std::filesystem::path& folder);

}  // namespace vit
