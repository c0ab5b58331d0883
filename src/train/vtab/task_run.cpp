#include "task_run.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/files.hpp"
#include "vit/core/stop_signal.hpp"
#include "vit/train/run.hpp"

#include "../judged_once.hpp"
#include "../stored_config.hpp"
#include "../stored_summary.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace vit {
namespace {

struct AugmentOnly {
  std::vector<TransformSection> augment;
  static constexpr auto describe() {
    return std::tuple{config::field<&AugmentOnly::augment>("As `augment`.")};
  }
};

void refuse_another_run(const TaskRun& run) {
  if (!fs::exists(run.folder / "config.yaml")) return;
  const std::vector<config::Difference> changes = changes_since(run.folder, run.config);
  if (changes.empty()) return;
  const config::Difference& change = changes.front();
  throw ConfigError(fmt::format(
      "'{}' was started with another configuration: {} was {}, now it is {}\n"
      "choose another --out, or remove that folder to run the task again",
      run.folder.string(), change.key, change.old_text.empty() ? "not there" : change.old_text,
      change.new_text.empty() ? "not there" : change.new_text));
}

}  // namespace

TaskRun make_run(config::Document document, const SuiteTask& task, const RunPlan& plan) {
  const std::string origin = "task " + task.task;
  document.set("data.train", '"' + plan.train + '"', origin);
  document.set("data.val", '"' + plan.val + '"', origin);
  if (plan.setting) {
    document.set("schedule.lr", fmt::format("{}", plan.setting->lr), origin);
    document.set("steps", to_string(plan.setting->steps), origin);
  }
  if (plan.seed) document.set("seed", std::to_string(*plan.seed), origin);
  if (plan.is_reported) {
    for (const auto& [key, text] : kJudgedOnce) document.set(key, text, origin);
  }
  AugmentOnly shown{read_run_config(document).augment};
  std::erase_if(shown.augment, [&](const TransformSection& transform) {
    return std::find(task.without.begin(), task.without.end(), transform.name()) !=
           task.without.end();
  });
  document.overlay(config::Document::from_text(config::write(shown), origin));
  TaskRun run{plan.folder, document, read_run_config(document)};
  refuse_another_run(run);
  return run;
}

std::optional<Accuracy> accuracy_in(const fs::path& run) {
  const std::optional<StoredSummary> summary = stored_summary(run);
  if (!summary || !summary->is_finished()) return std::nullopt;
  const std::optional<StoredScore>& score = summary->final_score();
  if (!score) return std::nullopt;
  return Accuracy{score->top1_count, score->n};
}

Accuracy carry_out(const TaskRun& run, const std::vector<std::string>& argv) {
  if (const auto done = accuracy_in(run.folder)) {
    spdlog::info("'{}' is done: {} of {}", run.folder.string(), done->count, done->n);
    return *done;
  }
  if (const ExitCode stop = StopSignal::exit_code(); stop != ExitCode::kDone) throw Stopped{stop};
  RunRequest request;
  request.document = run.document;
  request.has_files = true;
  request.run_dir = run.folder;
  request.resume = RunRequest::Resume::kAuto;
  request.is_part = true;
  request.argv = argv;
  const RunSummary summary = run_training(request);
  if (summary.exit_code != 0) throw Stopped{static_cast<ExitCode>(summary.exit_code)};
  const std::optional<Accuracy> accuracy = accuracy_in(run.folder);
  VIT_CHECK(accuracy, "a finished run has an evaluation");
  return *accuracy;
}

}  // namespace vit
