#include "train/sweep/job_queue.hpp"

#include "vit/core/stop_signal.hpp"
#include "vit/core/stopwatch.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace vit {

ExitCode stop_of(const ChildEnd& end) {
  const auto ended = [&](ExitCode code, int signal) {
    return end.exit_code == static_cast<int>(code) || end.signal == signal;
  };
  if (ended(ExitCode::kInterrupted, SIGINT)) return ExitCode::kInterrupted;
  return ended(ExitCode::kStopped, SIGTERM) ? ExitCode::kStopped : ExitCode::kDone;
}

JobQueue::JobQueue(std::vector<ChildCommand> commands, int64_t at_once, Events events)
    : commands_(std::move(commands)),
      at_once_(at_once),
      events_(std::move(events)),
      queued_(commands_.size()) {
  std::iota(queued_.begin(), queued_.end(), size_t{0});
}

ExitCode JobQueue::run() {
  constexpr int kTick_ms = 50;
  constexpr double kBetweenReports_s = 0.5;
  Stopwatch since_report;
  while (true) {
    pass_on_requests();
    if (code_ == ExitCode::kDone) start_more();
    if (running_.empty() && (queued_.empty() || code_ != ExitCode::kDone)) return code_;
    poll(nullptr, 0, kTick_ms);  // a signal ends it early
    collect();
    if (since_report.seconds() < kBetweenReports_s) continue;
    std::vector<size_t> jobs;
    for (const Running& running : running_) jobs.push_back(running.job);
    events_.waiting(jobs);
    since_report.restart();
  }
}

void JobQueue::start_more() {
  for (size_t i = 0; i < queued_.size() && static_cast<int64_t>(running_.size()) < at_once_;) {
    const size_t job = queued_[i];
    if (!events_.may_start(job)) {
      ++i;
      continue;
    }
    queued_.erase(queued_.begin() + static_cast<std::ptrdiff_t>(i));
    running_.push_back({job, std::make_unique<ChildProcess>(commands_[job])});
    events_.started(job);
  }
}

void JobQueue::collect() {
  for (size_t i = 0; i < running_.size();) {
    const std::optional<ChildEnd> end = running_[i].process->ended();
    if (!end) {
      ++i;
      continue;
    }
    const size_t job = running_[i].job;
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    events_.ended(job, *end);
    if (stop_of(*end) != ExitCode::kDone) stop(stop_of(*end));
  }
}

void JobQueue::pass_on_requests() {
  const StopRequest request = StopSignal::requested();
  if (request != StopRequest::kNone) {
    stop(request == StopRequest::kInterrupt ? ExitCode::kInterrupted : ExitCode::kStopped);
  }
  if (StopSignal::take_save_request()) {
    for (const Running& running : running_) running.process->send(SIGUSR2);
  }
}

// Once: a second SIGINT would keep a run from saving.
void JobQueue::stop(ExitCode code) {
  if (code_ != ExitCode::kDone) return;
  code_ = code;
  for (const Running& running : running_)
    running.process->send(code == ExitCode::kInterrupted ? SIGINT : SIGTERM);
}

}  // namespace vit
