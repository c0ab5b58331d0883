// What a person sees of a run. On a terminal: a status line redrawn in place, and lines that stay
// for each evaluation. Elsewhere: one plain line now and then. Log lines go through spdlog (stderr
// and train.log), the result goes to stdout.
#include "console.hpp"

#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/train/observer.hpp"

#include "progress_line.hpp"
#include "result_text.hpp"
#include "train/probes/summary.hpp"
#include "train/screen_text.hpp"
#include "train/spread.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vit {
namespace {

constexpr int kNoLimit = 1 << 20;  // columns of something that is no screen

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

// Says yes at most once per `seconds`, the first time at once.
class Pace {
 public:
  explicit Pace(double seconds) : seconds_(seconds) {}
  bool is_due() const { return !last_ || seconds_since(*last_) >= seconds_; }
  bool take() {
    const bool due = is_due();
    if (due) restart();
    return due;
  }
  void restart() { last_ = Clock::now(); }

 private:
  double seconds_;
  std::optional<Clock::time_point> last_;
};

// Means over several reports, weighted by their steps.
class ReportMeans {
 public:
  void start_at(int64_t step) { last_step_ = step; }
  void add(const TrainReport& report) {
    const auto steps = static_cast<double>(std::max<int64_t>(1, report.at.step - last_step_));
    last_step_ = report.at.step;
    steps_ += steps;
    newest_ = report;
    loss_ += steps * report.loss;
    images_per_s_ += steps * report.images_per_s;
    data_wait_ += steps * report.data_wait;
  }
  // Nothing when no report came since the last call.
  std::optional<TrainReport> take() {
    if (steps_ == 0) return std::nullopt;
    TrainReport mean = newest_;
    mean.loss = loss_ / steps_;
    mean.images_per_s = images_per_s_ / steps_;
    mean.data_wait = data_wait_ / steps_;
    steps_ = loss_ = images_per_s_ = data_wait_ = 0;
    return mean;
  }

 private:
  TrainReport newest_;
  int64_t last_step_ = 0;
  double steps_ = 0, loss_ = 0, images_per_s_ = 0, data_wait_ = 0;
};

// "val", "val average".
std::string subject(const EvalReport& report) {
  return report.weights == "raw" ? report.split : report.split + " " + report.weights;
}

// "few_shot shots 10 l2 1024", "few_shot average shots 10 l2 1024".
std::string subject(const ProbeReport& report, const ProbeSummary& summary) {
  return report.answer.probe + (report.weights == "raw" ? " " : " " + report.weights + " ") +
         settings_text(summary.settings);
}

std::string padded(std::string text, int64_t width) {
  text.append(static_cast<size_t>(std::max<int64_t>(0, width - display_width(text))), ' ');
  return text;
}

// The lines of `text`, broken at spaces where they are longer than `width`.
std::vector<std::string> wrapped(std::string_view text, int64_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string word(text.substr(0, end));
    std::string& line = lines.back();
    if (!line.empty() && display_width(line) + display_width(word) > width) {
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back(word);
    } else {
      line += word;
    }
    if (end == text.size()) break;
    if (text[end] == '\n') lines.emplace_back();
    if (text[end] == ' ' && !lines.back().empty()) lines.back() += ' ';
    text.remove_prefix(end + 1);
  }
  return lines;
}

// Label and text in two columns; further lines of a text stand below its first.
void log_header(const RunInfo& info, const std::string& indent, int columns) {
  int64_t label_width = 0;
  for (const auto& [label, text] : info.header)
    label_width = std::max(label_width, display_width(label));
  const int64_t text_width = columns - display_width(indent) - label_width - 2;
  for (const auto& [label, text] : info.header) {
    std::string head = label;
    for (const auto& line : wrapped(for_screen(text), std::max<int64_t>(20, text_width))) {
      spdlog::info("{}{}  {}", indent, padded(std::exchange(head, ""), label_width), line);
    }
  }
}

void log_resume(const RunInfo& info, std::string_view indent) {
  if (info.resumed_from.empty()) return;
  spdlog::info("{}resuming at step {}/{} (ep {:.2f}, sample {} of the epoch) from {}", indent,
               info.at.step, info.at.total_steps, info.at.epoch(),
               info.at.examples % std::max<int64_t>(1, info.at.epoch_size), info.resumed_from);
}

void log_event(const EventReport& report) {
  const std::string text = for_screen(report.text);
  if (report.level == "warn") {
    spdlog::warn("{}", text);
  } else {
    spdlog::info("{}", text);
  }
}

void print_result(const RunSummary& summary) {
  const std::string text = result_text(summary);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

class TerminalObserver final : public Observer {
 public:
  TerminalObserver(double seconds_between_lines, ResultTable result)
      : log_pace_(seconds_between_lines), result_(result) {}
  ~TerminalObserver() override { set_status_line(""); }

  void run_started(const RunInfo& info) override {
    spdlog::info("");
    log_header(info, "  ", terminal_columns());
    log_resume(info, "  ");
    spdlog::info("");
    means_.start_at(info.at.step);
    kept_at_ = Clock::now();
  }

  void advanced(const Progress& at, double lr) override {
    status_.at = at;
    status_.lr = lr;
    draw();
  }

  void stepped(const TrainReport& report) override {
    status_.at = report.at;
    status_.lr = report.lr;
    status_.report = report;
    reported_at_ = Clock::now();
    means_.add(report);
    if (log_pace_.take())
      spdlog::debug("train: {}", log_line(report));  // for train.log, which has no status line
    draw();
  }

  void evaluating(const Progress&, int64_t done, int64_t total) override {
    keep_line();
    if (draw_pace_.take()) set_status_line(evaluation_status_line(done, total, terminal_columns()));
  }

  void evaluated(const EvalReport& report) override {
    keep_line();
    subject_width_ = std::max(subject_width_, display_width(subject(report)));
    spdlog::info("         {}  {}{}", padded(subject(report), subject_width_), scores(report, "  "),
                 report.best ? for_screen("  \u2605 best") : "");
  }

  void probed(const ProbeReport& report) override {
    keep_line();
    for (const ProbeSummary& summary : over_seeds(report.answer.results)) {
      spdlog::info("         {}  top-1 {}", subject(report, summary),
                   for_screen(percent(summary.top1)));
    }
  }

  void saved(const SaveReport& report) override {
    keep_line();
    const auto name = std::filesystem::path(report.path).filename().string();
    spdlog::info("         saved {} in {:.1f} s", name, report.seconds);
  }

  void event(const EventReport& report) override { log_event(report); }

  void run_finished(const RunSummary& summary) override {
    keep_line();
    set_status_line("");
    spdlog::info("");
    spdlog::info("  {}", closing_line(summary));
    if (result_ == ResultTable::kPrinted) print_result(summary);
  }

 private:
  void draw() {
    if (!draw_pace_.take()) return;
    if (status_.report)
      status_.eta_s = std::max(0.0, status_.report->eta_s - seconds_since(reported_at_));
    set_status_line(status_line(status_, terminal_columns()));
  }

  // Leaves the means since the last such line on the screen, when there are any.
  void keep_line() {
    auto means = means_.take();
    if (!means) return;
    means->at = status_.at;
    means->lr = status_.lr;
    spdlog::info("{}", kept_line(*means, seconds_since(kept_at_)));
    kept_at_ = Clock::now();
  }

  TrainingStatus status_;
  ReportMeans means_;
  Pace draw_pace_{0.1};
  Pace log_pace_;
  ResultTable result_;
  Clock::time_point reported_at_, kept_at_ = Clock::now();
  int64_t subject_width_ = 0;
};

class PlainObserver final : public Observer {
 public:
  PlainObserver(double seconds_between_lines, ResultTable result)
      : pace_(seconds_between_lines), silence_(3 * seconds_between_lines), result_(result) {}

  void run_started(const RunInfo& info) override {
    log_header(info, "", kNoLimit);
    log_resume(info, "");
    silence_.restart();
  }

  // Reports may be far apart when steps are slow; a log that says nothing for long looks dead.
  void advanced(const Progress& at, double lr) override {
    if (silence_.take()) spdlog::info("train: {}", log_line(at, lr));
  }

  void stepped(const TrainReport& report) override {
    pending_ = report;
    if (pace_.is_due()) print_pending();
  }

  void evaluating(const Progress&, int64_t done, int64_t total) override {
    print_pending();
    if (!pace_.take()) return;
    spdlog::info("eval: {}/{} images", done, total);
    silence_.restart();
  }

  void evaluated(const EvalReport& report) override {
    print_pending();
    spdlog::info("{}: ep {:.2f} step {} {} ({} images in {:.1f} s){}", subject(report),
                 report.at.epoch(), report.at.step, scores(report, " "), report.images,
                 report.seconds, report.best ? " best" : "");
    silence_.restart();
  }

  void probed(const ProbeReport& report) override {
    print_pending();
    for (const ProbeSummary& summary : over_seeds(report.answer.results)) {
      spdlog::info("probe: ep {:.2f} step {} {} top-1 {} ({} images of {})", report.at.epoch(),
                   report.at.step, subject(report, summary), for_screen(percent(summary.top1)),
                   summary.n, report.split);
    }
    silence_.restart();
  }

  void saved(const SaveReport& report) override {
    print_pending();
    spdlog::info("saved: {} in {:.1f} s{}", report.path, report.seconds,
                 report.best ? " best" : "");
  }

  void event(const EventReport& report) override { log_event(report); }

  void run_finished(const RunSummary& summary) override {
    print_pending();
    spdlog::info("train: {}", closing_line(summary));
    if (result_ == ResultTable::kPrinted) print_result(summary);
  }

 private:
  void print_pending() {
    if (!pending_) return;
    spdlog::info("train: {}", log_line(*pending_));
    pending_.reset();
    pace_.restart();
    silence_.restart();
  }

  Pace pace_, silence_;
  ResultTable result_;
  std::optional<TrainReport> pending_;  // not printed yet
};

// Whether lines can be redrawn on stderr.
bool screen_is_live() {
  const char* terminal = std::getenv("TERM");
  return stderr_is_terminal() && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace

std::unique_ptr<Observer> console_observer(double seconds_between_lines) {
  return console_observer(seconds_between_lines, ResultTable::kPrinted);
}

std::unique_ptr<Observer> console_observer(double seconds_between_lines, ResultTable result) {
  if (screen_is_live()) return std::make_unique<TerminalObserver>(seconds_between_lines, result);
  return std::make_unique<PlainObserver>(seconds_between_lines, result);
}

}  // namespace vit
