// The training loop: finished parts in, run() out. Nothing is built, configured or parsed here; one
// update is update.hpp.
#pragma once

#include "vit/core/stopwatch.hpp"
#include "vit/train/assemble.hpp"
#include "vit/train/batch_stream.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/observer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vit {

// A non-finite loss or gradient, with the number of updates done before it.
struct DivergedAt : Diverged {
  DivergedAt(const std::string& text, int64_t step) : Diverged(text), step(step) {}
  int64_t step;
};

class Trainer {
 public:
  // All outlive the trainer. The state in `parts` says where the run starts.
  Trainer(Parts& parts, CheckpointStore& checkpoints, Observers& observers);

  // Trains until the last step, a stop request, the time limit or the end of patience, and saves.
  // Throws DivergedAt after a non-finite loss or gradient, with the last good checkpoint still
  // `last`.
  void run();

  // How the run stands, or ended; run_dir is left to the caller.
  RunSummary summary() const;

 private:
  void train();
  bool should_stop();
  bool due(double every_examples) const;
  double period_in_examples(const Duration& every) const;  // 0 for "never"
  void report();
  double end_window();  // seconds since it started
  void start_window();
  void report_skipped();
  void warn_of_slow_data(double share);
  bool evaluate();
  void ask_probes();
  bool ask_probes(const std::string& weights, std::vector<ProbeReport>& reports);
  std::vector<const NamedProbe*> due_probes(const ProbeGroup& group) const;
  bool evaluate_weights(const std::string& weights, std::vector<EvalReport>& reports);
  void save(bool best);
  void stop_if_diverged();
  std::string advice() const;

  template <class Event>
  void tell(Event&& event) {
    for (auto& observer : observers_) event(*observer);
  }

  Parts& parts_;
  const RunConfig& config_;
  State& state_;
  CheckpointStore& checkpoints_;
  Observers& observers_;
  FiniteGuard guard_;
  std::unique_ptr<BatchStream> batches_;
  const CheckpointText text_;

  // How the run ends.
  std::string status_ = "done";
  int exit_code_ = 0;
  int64_t last_saved_step_;  // -1: nothing of this run is on disk

  // Clocks of this session; the window is the time since the last report, evaluation or save.
  const Stopwatch session_;
  const double wall_before_ = state_.clocks.wall;
  double last_lr_ = 0;
  Stopwatch window_clock_;
  double window_wait_ = 0;
  int64_t window_start_examples_ = state_.progress.examples;
  int64_t skipped_reported_ = 0;
  int slow_reports_ = 0;
};

}  // namespace vit
