#include "training_run.hpp"

#include <fmt/core.h>

namespace vit::test {

void Recorder::stepped(const TrainReport& report) {
  lines_.push_back(fmt::format("train {} {} loss {:a} lr {:a} norm {:a}", report.at.step,
                               report.at.examples, report.loss, report.lr, report.grad_norm));
}

void Recorder::evaluated(const EvalReport& report) {
  lines_.push_back(fmt::format("eval {} {} loss {:a} {} {} {} best {}", report.at.step,
                               report.weights, report.loss, report.top1_count, report.top5_count,
                               report.n, report.best));
}

void Recorder::probed(const ProbeReport& report) {
  for (const ProbeResult& result : report.answer.results) {
    lines_.push_back(fmt::format("probe {} {} {} {} {} of {}", report.at.step, report.weights,
                                 report.answer.probe, result.settings.front().name, result.count,
                                 result.n));
  }
}

RunConfig TrainingRun::config() const {
  config::Document document = config::Document::from_file(
      (std::filesystem::path(VIT_SOURCE_DIR) / "configs" / "smoke.yaml").string());
  for (const std::string& assignment : sets) document.set(assignment);
  return read_run_config(document);
}

RunSummary TrainingRun::train(std::vector<std::string>* lines) const {
  const StopSignal signals;
  const RunConfig settings = config();
  CheckpointStore store(folder / "checkpoints", settings.checkpoint.keep_last);
  const auto newest = store.newest();
  const auto parts = assemble(settings, newest ? Start::kRestored : Start::kFresh);
  if (newest) restore_checkpoint(*newest, *parts->state);
  Observers observers;
  if (lines != nullptr) observers.push_back(std::make_unique<Recorder>(*lines));
  if (stop_after) observers.push_back(std::make_unique<StopAfter>(*stop_after));
  Trainer trainer(*parts, store, observers);
  trainer.run();
  return trainer.summary();
}

}  // namespace vit::test
