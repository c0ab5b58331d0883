// Pictures and numbers from inside a network: what vit-inspect does.
#pragma once

#include "vit/train/subject.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace vit {

struct InsideRequest : SubjectRequest {
  std::vector<std::filesystem::path> images;  // files, folders, or one data set; none: the run's
                                              // validation split, where there is a run
  std::filesystem::path out;                  // folder for all that is written
  int64_t count = 128;                        // images that attention distances are averaged over
  int64_t pictures = 10;                      // of them, evenly spaced, that attention is drawn for
};

// Writes to `out`, and prints what to stdout:
//   filters.png    principal components of the first layer's filters
//   positions.png  cosine similarity of position embeddings
//   distance.svg   mean attention distance of each head in each layer
//   rollout/IMAGE.png, attention/IMAGE_layerNN.png
//   inspect.json   the numbers, and in sentences what this network does not have
//   inspect.safetensors  the arrays the pictures show
// Throws ConfigError when there is nothing to draw, DataError, CheckpointError.
void look_inside(const InsideRequest& request);

}  // namespace vit
