// Small real training runs inside the test process.
#pragma once

#include "vit/config/document.hpp"
#include "vit/core/stop_signal.hpp"
#include "vit/train/assemble.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/trainer.hpp"

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vit::test {

// Raises SIGTERM after a number of steps, as a cluster would.
class StopAfter final : public Observer {
 public:
  explicit StopAfter(int64_t step) : step_(step) {}
  void advanced(const Progress& at, double) override {
    if (at.step == step_) std::raise(SIGTERM);
  }

 private:
  int64_t step_;
};

// Keeps the numbers of all reports, as text without the clock.
class Recorder final : public Observer {
 public:
  explicit Recorder(std::vector<std::string>& lines) : lines_(lines) {}
  void stepped(const TrainReport& report) override;
  void evaluated(const EvalReport& report) override;
  void probed(const ProbeReport& report) override;

 private:
  std::vector<std::string>& lines_;
};

struct TrainingRun {
  std::filesystem::path folder;       // checkpoints go below it
  std::vector<std::string> sets;      // on top of configs/smoke.yaml
  std::optional<int64_t> stop_after;  // steps

  // Goes on from the newest checkpoint in the folder, if there is one. Lines of the reports are
  // appended to `lines`.
  RunSummary train(std::vector<std::string>* lines = nullptr) const;

  RunConfig config() const;
  std::filesystem::path checkpoint(int64_t step) const {
    return folder / "checkpoints" / checkpoint_name(step);
  }
};

}  // namespace vit::test
