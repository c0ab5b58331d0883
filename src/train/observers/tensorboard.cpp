// The same numbers as metrics.jsonl, under the same names, where TensorBoard finds them.
#include "vit/train/observer.hpp"

#include "event_file.hpp"
#include "train/probes/summary.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace vit {
namespace {

class TensorboardObserver final : public Observer {
 public:
  explicit TensorboardObserver(const std::filesystem::path& folder) : file_(folder) {}

  void run_started(const RunInfo& info) override {
    if (info.at.step > 0) file_.write_restart(info.at.step + 1);
  }

  void stepped(const TrainReport& report) override {
    file_.write(report.at.step, {{"train/loss", report.loss},
                                 {"train/lr", report.lr},
                                 {"train/grad_norm", report.grad_norm},
                                 {"train/images_per_s", report.images_per_s},
                                 {"train/data_wait", report.data_wait}});
  }

  // val/top1 for the weights themselves, val_average/top1 for their average.
  void evaluated(const EvalReport& report) override {
    const std::string group =
        report.weights == "raw" ? report.split : report.split + "_" + report.weights;
    file_.write(report.at.step, {{group + "/loss", report.loss},
                                 {group + "/top1", report.top1()},
                                 {group + "/top5", report.top5()}});
  }

  // few_shot_val/shots_10_l2_1024: the mean over the seeds; few_shot_val_average/... likewise.
  void probed(const ProbeReport& report) override {
    std::string group = report.answer.probe + "_" + report.split;
    if (report.weights != "raw") group += "_" + report.weights;
    std::ranges::replace(group, ' ', '_');
    std::vector<Scalar> scalars;
    for (const ProbeSummary& summary : over_seeds(report.answer.results))
      scalars.push_back(
          {group + "/" + settings_text(summary.settings, "_", "_"), summary.top1.mean});
    file_.write(report.at.step, scalars);
  }

 private:
  EventFile file_;
};

}  // namespace

std::unique_ptr<Observer> tensorboard_observer(const std::filesystem::path& folder) {
  return std::make_unique<TensorboardObserver>(folder);
}

}  // namespace vit
