#include "vit/train/run.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/log.hpp"
#include "vit/core/stop_signal.hpp"
#include "vit/core/version.hpp"
#include "vit/runtime/device.hpp"
#include "vit/runtime/errors.hpp"
#include "vit/train/trainer.hpp"

#include "observers/console.hpp"
#include "run_folder.hpp"
#include "run_records.hpp"
#include "run_start.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <optional>

namespace vit {

namespace fs = std::filesystem;

namespace {

// Whether this request may write into a folder that is not empty. --resume auto starts over where
// an earlier attempt did not reach its first checkpoint, but not among other files.
void refuse_foreign_folder(const fs::path& path, const RunRequest& request) {
  if (is_free(path) || request.overwrite) return;
  const bool unfinished_start =
      holds_only_a_run(path) && !CheckpointStore(path / "checkpoints", 1).newest();
  if (request.resume == RunRequest::Resume::kAuto && unfinished_start) return;
  throw ConfigError("the run folder '" + path.string() +
                    "' is not empty\ngo on with that run: --resume; start over: --overwrite; or "
                    "choose another --run-dir");
}

Observers make_observers(const RunFolder& folder, const RunConfig& config, ResultTable result) {
  constexpr double kSecondsBetweenLines = 10;
  Observers observers;
  observers.push_back(console_observer(kSecondsBetweenLines, result));
  observers.push_back(jsonl_observer(folder / "metrics.jsonl"));
  observers.push_back(summary_observer(folder / "summary.json"));
  if (config.log.tensorboard) observers.push_back(tensorboard_observer(folder / "tb"));
  return observers;
}

// assemble(), with the place of parameter rules that turn out not to fit the model.
std::unique_ptr<Parts> assemble_at(const RunConfig& config, Start start,
                                   const config::Document& document) {
  try {
    return assemble(config, start);
  } catch (const ConfigError& error) {
    const std::string text = error.what(), place = document.origin("parameters");
    if (!text.starts_with("parameters[") || place.empty()) throw;
    throw ConfigError(place + ": " + text);
  }
}

void restore(const fs::path& checkpoint, Parts& parts) {
  restore_checkpoint(checkpoint, *parts.state);
  const int64_t before = parts.state->progress.epoch_size, now = parts.length.epoch_examples;
  if (before != now) {
    throw DataError(
        fmt::format("the training data have changed: {} examples now, {} when the run was started\n"
                    "a run goes on with the data it began with",
                    now, before));
  }
}

RunInfo describe_run(const Parts& parts, const RunFolder& folder,
                     const std::optional<fs::path>& checkpoint) {
  RunInfo info;
  info.run_dir = folder.path();
  info.run_name = fs::absolute(folder.path()).lexically_normal().filename().string();
  info.parameters = parameter_count(*parts.model);
  info.cost = parts.model->cost();
  info.at = parts.state->progress;
  info.resumed_from = checkpoint ? checkpoint->filename().string() : "";
  info.header.emplace_back(
      "vit", fmt::format("{} ({}, {}) \u00b7 {} \u00b7 {}", build_info().version,
                         build_info().git_revision, build_info().build_type, describe_libtorch(),
                         describe(parts.device)));
  info.header.insert(info.header.end(), parts.header.begin(), parts.header.end());
  info.header.emplace_back(
      "run", fmt::format("{}   (seed {}{})", folder.path().string(), parts.config.seed,
                         parts.config.run.deterministic ? ", deterministic" : ""));
  if (checkpoint) {
    info.header.emplace_back(
        "resume", fmt::format("step {} of {} (epoch {:.2f}) from {}", info.at.step,
                              info.at.total_steps, info.at.epoch(), checkpoint->string()));
  }
  return info;
}

void announce(Observers& observers, const RunSummary& summary) {
  for (auto& observer : observers) observer->run_finished(summary);
}

// Leaves word of a failure in the run's files: summary.json, metrics.jsonl, and the samples of a
// step that was not finite.
void record_failure(const RunFolder& folder, const Parts& parts, const Error& error,
                    RunSummary summary, Observers& observers) {
  summary.status = error.code() == ExitCode::kDiverged ? "diverged" : "failed";
  summary.exit_code = static_cast<int>(error.code());
  summary.message = error.what();
  try {
    if (const auto* diverged = dynamic_cast<const DivergedAt*>(&error))
      record_bad_step(folder / "events", parts, diverged->step);
    announce(observers, summary);
  } catch (const std::exception&
               second) {  // the disk that failed first, most likely: the first error counts
    spdlog::debug("while recording the failure: {}", second.what());
  }
}

// The step of the checkpoint that `best` is to name, where there is to be one.
std::optional<int64_t> best_to_keep(const Parts& parts) {
  const int64_t step = parts.state->best.step;
  return parts.config.checkpoint.keep_best > 0 && step >= 0 ? std::optional(step) : std::nullopt;
}

RunSummary train_in(const RunFolder& folder, Parts& parts,
                    const std::optional<fs::path>& checkpoint, bool own, ResultTable result) {
  CheckpointStore store(folder / "checkpoints", parts.config.checkpoint.keep_last);
  if (own) store.repair_links(*checkpoint, best_to_keep(parts));
  Observers observers = make_observers(folder, parts.config, result);
  const RunInfo info = describe_run(parts, folder, checkpoint);
  for (auto& observer : observers) observer->run_started(info);

  Trainer trainer(parts, store, observers);
  const auto summary = [&] {
    RunSummary summary = trainer.summary();
    summary.run_dir = folder.path();
    return summary;
  };
  try {
    try {
      trainer.run();
    } catch (...) {
      rethrow_in_plain_words();
    }
  } catch (const Error& error) {
    record_failure(folder, parts, error, summary(), observers);
    throw;
  }
  announce(observers, summary());
  return summary();
}

}  // namespace

RunSummary run_training(const RunRequest& request) {
  using Resume = RunRequest::Resume;
  // The lock comes first: which checkpoint is the newest of a run that another process trains is
  // not ours to say.
  std::unique_ptr<RunFolder> folder;
  const bool may_go_on = request.resume == Resume::kMust || request.resume == Resume::kAuto;
  if (may_go_on && fs::is_directory(request.run_dir / "checkpoints")) {
    folder = std::make_unique<RunFolder>(request.run_dir);
    CheckpointStore(request.run_dir / "checkpoints", 1).remove_leftovers();
  }
  const std::optional<fs::path> checkpoint = starting_checkpoint(request);
  const bool own = checkpoint && request.resume != Resume::kFrom;
  const RunConfig config = config_for(request, checkpoint);
  if (!own && !request.run_dir.empty()) refuse_foreign_folder(request.run_dir, request);

  if (build_info().build_type == "Debug")
    spdlog::warn("this is a Debug build: expect a fraction of the speed");
  const StopSignal signals;
  const auto parts =
      assemble_at(config, checkpoint ? Start::kRestored : Start::kFresh, request.document);
  if (checkpoint) restore(*checkpoint, *parts);
  if (!folder) {
    folder = std::make_unique<RunFolder>(
        request.run_dir.empty() ? claim_run_dir(config.model.name(), config.data.name())
                                : request.run_dir);
  }
  if (!own) {
    refuse_foreign_folder(folder->path(), request);  // again, now that nobody else can write there
    folder->clear();
  }
  log_to_file(*folder / "train.log");
  point_latest_at(folder->path());
  write_records(folder->path(), request, *parts, own);
  return train_in(*folder, *parts, checkpoint, own,
                  request.is_part ? ResultTable::kLeftOut : ResultTable::kPrinted);
}

}  // namespace vit
