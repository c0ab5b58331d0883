// summary.json: how a run ended, in one object, written last and also after a failure.
#include "vit/core/files.hpp"
#include "vit/core/last_part.hpp"
#include "vit/train/compute.hpp"
#include "vit/train/observer.hpp"

#include "evaluations.hpp"
#include "json_number.hpp"
#include "wall_clock.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace vit {
namespace {

using Object = nlohmann::ordered_json;

Object path_or_null(const std::string& path) {
  return path.empty() ? Object(nullptr) : Object(path);
}

Object evaluation(const EvalReport* report, const RunSummary& summary) {
  if (report == nullptr) return nullptr;
  Object object;
  object["top1"] = report->top1();
  object["top5"] = report->top5();
  put_number(object, "loss", report->loss);
  object["step"] = report->at.step;
  object["weights"] = report->weights;
  object["split"] = report->split;
  object["n"] = report->n;
  object["top1_count"] = report->top1_count;
  object["top5_count"] = report->top5_count;
  object["checkpoint"] = path_or_null(checkpoint_of(*report, summary));
  return object;
}

// The folder's own name, also of "runs/x/" and ".".
std::string name_of(const std::filesystem::path& folder) {
  return folder.empty() ? "" : last_part(folder);
}

class SummaryObserver final : public Observer {
 public:
  explicit SummaryObserver(std::filesystem::path path) : path_(std::move(path)) {}

  void run_started(const RunInfo& info) override { info_ = info; }

  void run_finished(const RunSummary& summary) override {
    const EvalReport* average = with_weights(summary.last, "average");
    const EvalReport* raw = with_weights(summary.last, "raw");
    Object object;
    object["schema"] = 1;
    object["run"] = info_ ? info_->run_name : name_of(summary.run_dir);
    object["time"] = utc_time();
    object["status"] = summary.status;
    object["exit"] = summary.exit_code;
    object["message"] = summary.message;
    object["step"] = summary.at.step;
    object["total_steps"] = summary.at.total_steps;
    put_number(object, "epoch", summary.at.epoch());
    object["examples"] = summary.at.examples;
    object["best"] = evaluation(best_of(summary.best), summary);
    object["last"] = evaluation(raw != nullptr ? raw : average, summary);
    if (raw != nullptr && average != nullptr) {
      object["last_average"] = evaluation(average, summary);
    }
    object["checkpoint"] = path_or_null(summary.last_checkpoint);
    if (info_) {
      object["params"] = info_->parameters;
      object["macs"] = info_->cost.macs;
      put_number(object, "exaflops", training_exaflops(info_->cost, summary.at.examples));
    }
    put_number(object, "device_hours", summary.wall_s / 3600);  // a run has one device
    put_number(object, "wall_s", summary.wall_s);
    put_number(object, "train_s", summary.train_s);
    put_number(object, "eval_s", summary.eval_s);
    put_number(object, "checkpoint_s", summary.checkpoint_s);
    write_atomically(path_, object.dump(2, ' ', false, Object::error_handler_t::replace) + "\n");
  }

 private:
  std::filesystem::path path_;
  std::optional<RunInfo> info_;  // none when the run failed before it started
};

}  // namespace

std::unique_ptr<Observer> summary_observer(const std::filesystem::path& path) {
  return std::make_unique<SummaryObserver>(path);
}

}  // namespace vit
