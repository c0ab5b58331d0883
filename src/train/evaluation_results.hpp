// What an evaluation found, and how it is shown and written.
#pragma once

#include "vit/train/evaluation_run.hpp"
#include "vit/train/evaluator.hpp"
#include "vit/train/probe_result.hpp"

#include "class_scores.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vit {

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
  std::vector<ProbeAnswer> probes;
};

struct EvaluationResults {
  std::string model;  // "vit_b16"
  std::string title;  // the line above the table
  std::string split;
  std::vector<std::string> classes;
  std::vector<std::string> files;
  bool is_scored = true;               // false: probes only, the classes are not those of the model
  std::optional<int64_t> valid;        // classes that could be predicted, where not all could
  std::vector<WeightsResult> weights;  // raw, then average
};

std::string results_table(const EvaluationResults& results);
std::string per_class_table(const EvaluationResults& results);
std::string results_json(const EvaluationResults& results);
std::string predictions_csv(const EvaluationResults& results);
std::string per_class_csv(const EvaluationResults& results);
std::string confusion_csv(const EvaluationResults& results);

}  // namespace vit
