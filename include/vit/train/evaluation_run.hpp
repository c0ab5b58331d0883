// Evaluating weights on a split: what vit-eval does, from a request to tables and files.
#pragma once

#include "vit/train/subject.hpp"

#include <filesystem>
#include <string>

namespace vit {

struct EvaluationRequest : SubjectRequest {
  std::filesystem::path data;         // "" = the data of the run
  std::string split;                  // "" = the run's validation split
  std::filesystem::path labels;       // CSV with columns file, label: loose images below `data`
  std::filesystem::path real;         // ReaL labels, real.json
  std::filesystem::path json;         // result as JSON; "-" for stdout
  std::filesystem::path predictions;  // CSV
  std::filesystem::path logits;       // safetensors
  bool per_class = false;
  config::Document settings;  // keys of EvaluationConfig
};

// Evaluates raw weights and, beside them, averaged ones where the checkpoint has them; prints
// tables to stdout (to stderr when JSON goes there), writes the files asked for, and for a run
// <split>.json, <split>_per_class.csv and <split>_confusion.csv to its eval/, or to eval/<name of
// the data>/ when that is not the run's own. Throws ConfigError, DataError, CheckpointError.
void run_evaluation(const EvaluationRequest& request);

}  // namespace vit
