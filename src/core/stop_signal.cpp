#include "vit/core/stop_signal.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace vit {
namespace {

std::atomic<StopRequest> request{StopRequest::kNone};
std::atomic<bool> save_requested{false};

constexpr std::array kSignals{SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGPIPE};
std::array<struct sigaction, kSignals.size()> previous{};
int alive = 0;

// Only async-signal-safe calls here.
void note(int signal) {
  if (signal == SIGUSR2) {
    save_requested = true;
    return;
  }
  if (signal != SIGINT) {
    if (request == StopRequest::kNone) request = StopRequest::kSave;
    return;
  }
  if (request == StopRequest::kInterrupt) {
    constexpr char kText[] = "\nstopped at once, nothing saved since the last checkpoint\n";
    [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, kText, sizeof kText - 1);
    _exit(130);
  }
  constexpr char kText[] = "\n  stopping after this step; again to quit at once\n";
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, kText, sizeof kText - 1);
  request = StopRequest::kInterrupt;
}

void handle(int signal) {
  const int saved_errno = errno;
  note(signal);
  errno = saved_errno;
}

}  // namespace

StopSignal::StopSignal() {
  if (alive++ > 0) return;
  request = StopRequest::kNone;
  save_requested = false;
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &previous[i]);
    // Nobody reading the console any more is no reason to end a run.
    if (kSignals[i] == SIGPIPE) action.sa_handler = SIG_IGN;
    const bool keep_ignored = kSignals[i] == SIGHUP && previous[i].sa_handler == SIG_IGN;
    if (!keep_ignored) sigaction(kSignals[i], &action, nullptr);
  }
}

StopSignal::~StopSignal() {
  if (--alive > 0) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &previous[i], nullptr);
}

StopRequest StopSignal::requested() { return request; }

ExitCode StopSignal::exit_code() {
  const StopRequest now = request;
  if (now == StopRequest::kNone) return ExitCode::kDone;
  return now == StopRequest::kInterrupt ? ExitCode::kInterrupted : ExitCode::kStopped;
}

bool StopSignal::take_save_request() { return save_requested.exchange(false); }

}  // namespace vit
