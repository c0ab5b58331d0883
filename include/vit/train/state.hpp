// Everything a checkpoint holds of a run beside its weights' names: one visit function names each
// item once, and saving and restoring are two archives over it, so they cannot disagree.
#pragma once

#include "vit/models/model.hpp"
#include "vit/optim/averaging.hpp"
#include "vit/optim/optimizer.hpp"
#include "vit/train/metrics.hpp"
#include "vit/train/progress.hpp"

#include <string>

namespace vit {

// Saves or restores named values in place.
class Archive {
 public:
  virtual ~Archive() = default;
  virtual void tensor(const std::string& name, at::Tensor value) = 0;  // contents, not the handle
  virtual void number(const std::string& name, int64_t& value) = 0;
  virtual void number(const std::string& name, double& value) = 0;
};

// What a checkpoint remembers of one evaluation.
struct EvalRecord {
  int64_t step = -1;     // -1: there was none
  int64_t averaged = 0;  // 1: of the averaged weights
  int64_t top1_count = -1, top5_count = 0, n = 0;
  double loss = 0;

  void visit(Archive& archive, const std::string& prefix);
};

// Seconds spent over all sessions of the run.
struct Clocks {
  double wall = 0, train = 0, eval = 0, checkpoint = 0;
};

// What of a step was cut short by a stop.
inline constexpr int64_t kEvaluationPending = 1, kProbesPending = 2;

struct State {
  Model& model;
  FlatParameters& parameters;
  Optimizer& optimizer;
  Averaging& average;
  Progress progress;
  MetricWindow window;
  EvalRecord best;  // the best top-1 so far
  int64_t evaluations_since_best = 0;
  EvalRecord last_raw, last_average;  // the last evaluation
  int64_t evaluation_pending = 0;     // kEvaluationPending | kProbesPending
  Clocks clocks;

  // What state.safetensors and progress.json hold (weights and averages have files of their own).
  void visit(Archive& archive);
};

}  // namespace vit
