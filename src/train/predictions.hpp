// The likeliest classes of images, and how they are shown.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace vit {

struct Guess {
  int64_t label = 0;
  double probability = 0;  // softmax over all classes
};

struct ImageGuesses {
  std::string file;
  std::vector<Guess> guesses;  // likeliest first
};

// The `top` likeliest classes of each row of logits [B, K]; of equals the lower number.
std::vector<std::vector<Guess>> likeliest(const at::Tensor& logits, int64_t top);

using ClassNames = std::vector<std::string>;  // by label; may be shorter than there are labels

// Columns file, rank, prediction, class, probability: those of vit-eval --predictions, with a line
// a guess.
std::string csv_header();
std::string csv_lines(const ImageGuesses& image, const ClassNames& classes);
// {"file": "a.jpg", "predictions": [{"prediction": 3, "class": "cat", "probability": 0.9}, ..]}
std::string json_line(const ImageGuesses& image, const ClassNames& classes);
// Under the names of `short_names`.
std::string guesses_table(const std::vector<ImageGuesses>& images, const ClassNames& classes);

}  // namespace vit
