// Scores that need the prediction for every image: per class, and how well probabilities are
// calibrated.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace vit {

// The outcome for one image.
struct Prediction {
  int64_t label = -1;      // -1: no label
  int64_t predicted = 0;   // -1: none, where a logit is no number
  double probability = 0;  // softmax of the predicted class
  bool is_read = true;     // false: the picture could not be read, and nothing was predicted
};

struct ClassScore {
  int64_t index = 0;
  int64_t n = 0;                             // images of the class
  double precision = 0, recall = 0, f1 = 0;  // 0 where a quotient would be 0 / 0
  // The two commonest wrong predictions for its images: class, count.
  std::vector<std::pair<int64_t, int64_t>> confused_with;
};

// Every class that occurs among labels or predictions, by number. Images without label are left
// out.
std::vector<ClassScore> score_classes(const std::vector<Prediction>& predictions);

// Unweighted means over those classes: scikit-learn's average="macro".
ClassScore macro_mean(const std::vector<ClassScore>& scores);

// counts[label][predicted] over labelled images.
std::vector<std::vector<int64_t>> confusion_matrix(const std::vector<Prediction>& predictions,
                                                   size_t classes);

// Expected calibration error (Naeini et al. 2015; Guo et al. 2017): the gap between accuracy and
// mean probability in 15 equal bins (a, b], weighted by the share of images. 0 without labelled
// images.
double calibration_error(const std::vector<Prediction>& predictions);

}  // namespace vit
