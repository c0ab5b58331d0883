#include "vit/train/trainer.hpp"

#include "vit/core/error.hpp"
#include "vit/core/stop_signal.hpp"
#include "vit/runtime/device.hpp"
#include "vit/train/evaluator.hpp"
#include "vit/train/update.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <cmath>

namespace vit {
namespace {

EvalRecord record_of(const EvalReport& report) {
  return {.step = report.at.step,
          .averaged = report.weights == "average",
          .top1_count = report.top1_count,
          .top5_count = report.top5_count,
          .n = report.n,
          .loss = report.loss};
}

// `at` gives what a record leaves out: the lengths of epoch and run.
EvalReport report_of(const EvalRecord& record, Progress at) {
  at.step = record.step;
  EvalReport report;
  report.at = at;
  report.split = "val";
  report.weights = record.averaged != 0 ? "average" : "raw";
  report.loss = record.loss;
  report.n = record.n;
  report.top1_count = record.top1_count;
  report.top5_count = record.top5_count;
  return report;
}

}  // namespace

Trainer::Trainer(Parts& parts, CheckpointStore& checkpoints, Observers& observers)
    : parts_(parts),
      config_(parts.config),
      state_(*parts.state),
      checkpoints_(checkpoints),
      observers_(observers),
      guard_(parts.device),
      batches_(training_batches(parts)),
      text_(checkpoint_text(parts)),
      last_saved_step_(checkpoints.holds(state_.progress.step) ? state_.progress.step : -1) {}

void Trainer::run() {
  try {
    train();
  } catch (const DataError&) {  // a broken image, say: the steps since the last checkpoint need not
                                // be lost
    try {
      save(false);
    } catch (const Error& second) {
      spdlog::debug("could not save after an error: {}", second.what());
    }
    throw;
  }
}

// The loop, top to bottom.
void Trainer::train() {
  Progress& at = state_.progress;
  const double log_every = period_in_examples(config_.log.every);
  const double eval_every = period_in_examples(config_.eval.every);
  const double save_every = period_in_examples(config_.checkpoint.every);

  // Cut short when the last session was stopped.
  if ((state_.evaluation_pending & kEvaluationPending) != 0 && evaluate()) save(true);
  if ((state_.evaluation_pending & kProbesPending) != 0) ask_probes();
  while (at.step < at.total_steps && !should_stop()) {
    const Update update = update_weights(parts_, *batches_, guard_, at.step);
    state_.window.add(update.loss, update.grad_norm);
    last_lr_ = update.lr;
    at.advance(config_.batch.examples);
    tell([&](Observer& observer) { observer.advanced(at, last_lr_); });

    // The only places that wait for the device.
    if (due(log_every)) report();
    const bool improved = due(eval_every) && evaluate();
    ask_probes();
    if (improved || due(save_every) || StopSignal::take_save_request()) save(improved);
  }
  if (state_.evaluation_pending != 0)
    should_stop();  // all steps are done, but not the last evaluation: resume me
  save(false);      // nothing happens when this step is on disk
}

bool Trainer::should_stop() {
  const StopRequest request = StopSignal::requested();
  if (request != StopRequest::kNone) {
    status_ = request == StopRequest::kInterrupt ? "interrupted" : "stopped";
    exit_code_ = static_cast<int>(StopSignal::exit_code());
  } else if (config_.run.max_time && session_.seconds() >= config_.run.max_time->value) {
    status_ = "time_limit";
    exit_code_ = static_cast<int>(ExitCode::kStopped);
  } else if (config_.run.patience > 0 && state_.evaluations_since_best >= config_.run.patience) {
    status_ = "early_stopped";
  }
  return status_ != "done";
}

// True when the step just done crossed a multiple of the period, or was the last one.
bool Trainer::due(double every_examples) const {
  const Progress& at = state_.progress;
  if (at.step >= at.total_steps) return true;
  if (every_examples <= 0) return false;
  const auto before = static_cast<double>(at.examples - config_.batch.examples);
  return std::floor(static_cast<double>(at.examples) / every_examples) >
         std::floor(before / every_examples);
}

double Trainer::period_in_examples(const Duration& every) const {
  const RunLength& length = parts_.length;
  if (every.value <= 0) return 0;
  if (every.unit == Duration::Unit::kEpochs)
    return every.value * static_cast<double>(length.epoch_examples);
  return static_cast<double>(in_steps(every, length) * length.batch_examples);
}

void Trainer::report() {
  stop_if_diverged();
  const Progress& at = state_.progress;
  const double seconds = end_window();
  const int64_t examples = at.examples - window_start_examples_;
  const double wait = batches_->loader().seconds_waited();
  const MetricWindow::Means means = state_.window.drain();

  TrainReport report;
  report.at = at;
  report.loss = means.loss;
  report.grad_norm = means.grad_norm;
  report.lr = last_lr_;
  const auto steps = static_cast<double>(examples) / static_cast<double>(config_.batch.examples);
  report.step_ms = 1e3 * seconds / steps;
  report.images_per_s = static_cast<double>(examples) / seconds;
  report.data_wait = std::min(1.0, (wait - window_wait_) / seconds);
  report.memory_gib =
      static_cast<double>(peak_memory_bytes(parts_.device)) / (1024.0 * 1024.0 * 1024.0);
  report.eta_s = static_cast<double>(at.total_steps - at.step) * seconds / steps;
  tell([&](Observer& observer) { observer.stepped(report); });
  report_skipped();
  warn_of_slow_data(report.data_wait);
  start_window();
}

void Trainer::warn_of_slow_data(double share) {
  constexpr double kTooMuch = 0.3;
  if (share < kTooMuch || ++slow_reports_ != 2) return;  // once, and not for the start of a run
  const std::string text = fmt::format(
      "{:.0f} % of the time goes into waiting for data (loader.threads={})", 100 * share,
      config_.loader.threads > 0 ? config_.loader.threads : available_cpus());
  tell([&](Observer& observer) { observer.event({state_.progress, "warn", "data.slow", text}); });
}

double Trainer::end_window() {
  const double seconds = window_clock_.seconds();
  state_.clocks.train += seconds;
  return seconds;
}

void Trainer::start_window() {
  window_clock_.restart();
  window_wait_ = batches_->loader().seconds_waited();
  window_start_examples_ = state_.progress.examples;
}

void Trainer::report_skipped() {
  const int64_t skipped = batches_->loader().skipped();
  if (skipped == skipped_reported_) return;
  skipped_reported_ = skipped;
  std::string text = fmt::format("{} unreadable image(s) replaced so far:", skipped);
  for (const std::string& name : batches_->loader().skipped_names()) text += "\n  " + name;
  tell([&](Observer& observer) {
    observer.event({state_.progress, "warn", "data.skipped", text});
  });
}

// Raw weights, and the averaged ones beside them. True when the better of the two is the best of
// the run.
bool Trainer::evaluate() {
  stop_if_diverged();
  end_window();
  const Stopwatch clock;
  state_.evaluation_pending |= kEvaluationPending;
  std::vector<EvalReport> reports;
  if (!evaluate_weights("raw", reports)) return false;
  if (at::Tensor* average = parts_.average->values()) {
    const AveragedWeights scope(*parts_.parameters, *average);
    if (!evaluate_weights("average", reports)) return false;
  }
  state_.evaluation_pending &= ~kEvaluationPending;
  if (!std::isfinite(reports[0].loss)) {
    throw DivergedAt(
        fmt::format("the validation loss became NaN or infinite by step {}", state_.progress.step) +
            advice(),
        state_.progress.step);
  }
  EvalReport& top =
      reports.size() > 1 && reports[1].top1_count > reports[0].top1_count ? reports[1] : reports[0];
  top.best = top.top1_count > state_.best.top1_count;
  const bool improved = top.best;
  state_.evaluations_since_best = improved ? 0 : state_.evaluations_since_best + 1;
  if (improved) state_.best = record_of(top);
  state_.last_raw = record_of(reports[0]);
  if (reports.size() > 1) state_.last_average = record_of(reports[1]);
  for (const EvalReport& report : reports)
    tell([&](Observer& observer) { observer.evaluated(report); });
  state_.clocks.eval += clock.seconds();
  start_window();
  return improved && config_.checkpoint.keep_best > 0;
}

// False when a stop request cut it short.
bool Trainer::evaluate_weights(const std::string& weights, std::vector<EvalReport>& reports) {
  EvalPlan plan = evaluation_plan(parts_);
  const int64_t total = plan.dataset->size();
  plan.progress = [&](int64_t done) {
    tell([&](Observer& observer) { observer.evaluating(state_.progress, done, total); });
  };
  plan.cancelled = [] { return StopSignal::requested() != StopRequest::kNone; };
  const Evaluation result = parts_.objective->evaluate(plan);
  if (!result.complete) return false;
  if (result.unreadable_count > 0) {
    std::string text =
        fmt::format("{} unreadable image(s) left out of the evaluation:", result.unreadable_count);
    for (const std::string& name : result.unreadable) text += "\n  " + name;
    tell([&](Observer& observer) {
      observer.event({state_.progress, "warn", "data.skipped", text});
    });
  }
  EvalReport report;
  report.at = state_.progress;
  report.split = "val";
  report.weights = weights;
  report.loss = result.loss;
  report.n = result.n;
  report.top1_count = result.top1_count;
  report.top5_count = result.top5_count;
  report.images = result.images - result.unreadable_count;
  report.seconds = result.seconds;
  reports.push_back(report);
  return true;
}

void Trainer::save(bool best) {
  if (last_saved_step_ == state_.progress.step && !best) return;
  stop_if_diverged();
  if (!at::isfinite(parts_.parameters->values()).all().item<bool>()) {
    throw DivergedAt(
        fmt::format("the weights became NaN or infinite by step {}", state_.progress.step) +
            advice(),
        state_.progress.step);
  }
  end_window();
  const Stopwatch clock;
  state_.clocks.wall = wall_before_ + session_.seconds();
  const std::string name = checkpoints_.save(state_, text_, best);
  last_saved_step_ = state_.progress.step;
  state_.clocks.checkpoint += clock.seconds();
  tell([&](Observer& observer) {
    observer.saved({state_.progress, "checkpoints/" + name, clock.seconds(), best});
  });
  start_window();
}

void Trainer::stop_if_diverged() {
  const int64_t bad = guard_.first_bad_step();
  if (bad < 0) return;
  throw DivergedAt(
      fmt::format("the loss or its gradient became NaN or infinite at step {} (lr {:.3g})", bad,
                  parts_.schedule->lr(bad)) +
          advice(),
      bad);
}

// Where to go back to, and what to try.
std::string Trainer::advice() const {
  const std::vector<std::filesystem::path> saved = checkpoints_.all();
  return (saved.empty() ? "\nno checkpoint had been saved yet"
                        : "\nlast good checkpoint: " + saved.back().filename().string()) +
         ". Try " +
         (config_.clip.norm > 0 ? fmt::format("a smaller clip.norm (now {})", config_.clip.norm)
                                : std::string("clip.norm=1.0 (now off)")) +
         " or a lower schedule.lr";
}

RunSummary Trainer::summary() const {
  RunSummary summary;
  summary.at = state_.progress;
  summary.status = status_;
  summary.exit_code = exit_code_;
  summary.has_head = parts_.model->classes() > 0;
  summary.wall_s = wall_before_ + session_.seconds();
  summary.train_s = state_.clocks.train;
  summary.eval_s = state_.clocks.eval;
  summary.checkpoint_s = state_.clocks.checkpoint;
  const auto add = [&](std::vector<EvalReport>& reports, const EvalRecord& record) {
    if (record.step >= 0) reports.push_back(report_of(record, state_.progress));
  };
  add(summary.last, state_.last_raw);
  add(summary.last, state_.last_average);
  add(summary.best, state_.best);
  if (last_saved_step_ >= 0)
    summary.last_checkpoint = "checkpoints/" + checkpoint_name(last_saved_step_);
  if (state_.best.step >= 0 && config_.checkpoint.keep_best > 0 &&
      checkpoints_.holds(state_.best.step)) {
    summary.best_checkpoint = "checkpoints/" + checkpoint_name(state_.best.step);
  }
  return summary;
}

}  // namespace vit
