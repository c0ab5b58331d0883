// What the outside may watch of a run. Observers get constant facts and cannot change training;
// what changes training is a part with a configuration of its own. Console, metrics.jsonl and
// TensorBoard are observers.
#pragma once

#include "vit/models/model.hpp"
#include "vit/train/probe_result.hpp"
#include "vit/train/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit {

// Facts known before the first step.
struct RunInfo {
  std::filesystem::path run_dir;
  std::string run_name;      // "20260830-1412_vit_nano7_fashion_mnist"
  int64_t parameters = 0;    // of the model
  ModelCost cost;            // of one image
  Progress at;               // where the run starts; step > 0 after a resume
  std::string resumed_from;  // "" for a fresh run
  // Lines of the header block, label and text: {"model", "vit_nano7  28x28x1 -> 17 tokens ..."},
  // {"data", ...}, ...
  std::vector<std::pair<std::string, std::string>> header;
};

// Means over the steps since the previous report; lr is that of the last step.
struct TrainReport {
  Progress at;
  double loss = 0, lr = 0, grad_norm = 0;
  double images_per_s = 0, step_ms = 0;
  double data_wait = 0;  // share of the time spent waiting for data, 0..1
  double memory_gib = 0;
  double eta_s = 0;  // to the end of the run
};

struct EvalReport {
  Progress at;
  std::string split;    // "val"
  std::string weights;  // "raw" or "average"
  double loss = 0;
  int64_t n = 0, top1_count = 0, top5_count = 0;  // answers; several an image, or none
  int64_t images = 0;                             // that could be read
  double seconds = 0;
  bool best = false;  // a new best top-1 of the run

  double top1() const {
    return n == 0 ? 0.0 : static_cast<double>(top1_count) / static_cast<double>(n);
  }
  double top5() const {
    return n == 0 ? 0.0 : static_cast<double>(top5_count) / static_cast<double>(n);
  }
};

struct ProbeReport {
  Progress at;
  std::string split;    // that was predicted: "val"
  std::string weights;  // "raw" or "average"
  ProbeAnswer answer;
  double seconds = 0;
};

struct SaveReport {
  Progress at;
  std::string path;  // relative to the run folder: "checkpoints/step-00000468"
  double seconds = 0;
  bool best = false;
};

struct EventReport {
  Progress at;
  std::string level;  // "info" or "warn"
  std::string code;   // "data.slow", "data.skipped"
  std::string text;
};

// How a run ended. Written to summary.json as well, also after a failure.
struct RunSummary {
  Progress at;
  std::string status;  // "done", "early_stopped", "stopped", "interrupted", "time_limit",
                       // "diverged", "failed"
  int exit_code = 0;
  double wall_s = 0, train_s = 0, eval_s = 0, checkpoint_s = 0;  // over all sessions of the run
  std::vector<EvalReport> last;  // the last evaluation: raw, and average when there is one
  std::vector<EvalReport> best;  // the evaluation with the best top-1
  std::string last_checkpoint, best_checkpoint;  // relative paths, "" when there is none
  std::filesystem::path run_dir;
  bool has_head = true;  // the network tells classes
  std::string message;   // of an error
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void run_started(const RunInfo&) {}
  virtual void advanced(const Progress&, double /*lr*/) {
  }                                            // after every step; nothing was read from the device
  virtual void stepped(const TrainReport&) {}  // every log.every
  virtual void evaluating(const Progress&, int64_t /*done*/, int64_t /*total*/) {
  }  // now and then during an evaluation
  virtual void evaluated(const EvalReport&) {}
  virtual void probed(const ProbeReport&) {}
  virtual void saved(const SaveReport&) {}
  virtual void event(const EventReport&) {}
  virtual void run_finished(const RunSummary&) {}
};
using Observers = std::vector<std::unique_ptr<Observer>>;

// Terminal: header block, redrawn progress line, a line per evaluation, the result table at the end
// (stdout). Elsewhere: one plain line every 10 seconds (`seconds_between_lines`) and the same
// facts, no escapes.
std::unique_ptr<Observer> console_observer(double seconds_between_lines = 10.0);

// metrics.jsonl: one flat JSON object a line, appended and flushed (header, train, eval, probe,
// checkpoint, event, end).
std::unique_ptr<Observer> jsonl_observer(const std::filesystem::path& path);

// TensorBoard event files under `folder`: scalars train/loss, train/lr, ..., val/top1, val/loss,
// val_average/top1, ...
std::unique_ptr<Observer> tensorboard_observer(const std::filesystem::path& folder);

// summary.json at the end, also on failure.
std::unique_ptr<Observer> summary_observer(const std::filesystem::path& path);

}  // namespace vit
