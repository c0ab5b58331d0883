// What an evaluation found, and how it is shown and written.
#pragma once

#include "vit/train/evaluation_run.hpp"
#include "vit/train/evaluator.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vit {

// The outcome for one image.
struct Prediction {
  int64_t label = -1;  // -1: no label
  int64_t predicted = 0;
  double probability = 0;  // softmax of the predicted class
};

// ReaL accuracy (Beyer et al. 2020): right when the prediction is among the image's labels; images
// without any are left out.
struct RealAccuracy {
  int64_t n = 0, count = 0;
};

struct WeightsResult {
  std::string weights;  // "raw" or "average"
  Evaluation evaluation;
  std::vector<Prediction> predictions;
  std::optional<RealAccuracy> real;
};

struct EvaluationResults {
  std::string model;  // "vit_b16"
  std::string title;  // the line above the table
  std::string split;
  std::vector<std::string> classes;
  std::vector<std::string> files;
  std::vector<WeightsResult> weights;  // raw, then average
};

// counts[true][predicted] over labelled images.
std::vector<std::vector<int64_t>> confusion_matrix(const EvaluationResults& results);

std::string results_table(const EvaluationResults& results);
std::string per_class_table(const EvaluationResults& results);
std::string results_json(const EvaluationResults& results);
std::string predictions_csv(const EvaluationResults& results);
std::string per_class_csv(const EvaluationResults& results);
std::string confusion_csv(const EvaluationResults& results);

}  // namespace vit
