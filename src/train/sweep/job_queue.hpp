// Commands run as child processes, a few at a time. A stop request is passed on to them once; a
// child that was stopped stops the others.
#pragma once

#include "vit/core/child_process.hpp"
#include "vit/core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace vit {

// Whether a child ended because somebody stopped it: kStopped, kInterrupted, else kDone. It may not
// have come so far as to save.
ExitCode stop_of(const ChildEnd& end);

class JobQueue {
 public:
  struct Events {
    std::function<bool(size_t job)> may_start;  // false: not yet
    std::function<void(size_t job)> started;
    std::function<void(size_t job, const ChildEnd& end)> ended;
    std::function<void(std::span<const size_t> running)> waiting;  // about twice a second
  };
  JobQueue(std::vector<ChildCommand> commands, int64_t at_once, Events events);

  // Until all have ended, or a stop: kStopped or kInterrupted once the running ones have ended.
  // For the life of a StopSignal. Throws what ChildProcess throws; running children are then ended.
  ExitCode run();

 private:
  struct Running {
    size_t job;
    std::unique_ptr<ChildProcess> process;
  };
  void start_more();
  void collect();
  void pass_on_requests();
  void stop(ExitCode code);

  std::vector<ChildCommand> commands_;
  int64_t at_once_;
  Events events_;
  std::vector<size_t> queued_;  // in order
  std::vector<Running> running_;
  ExitCode code_ = ExitCode::kDone;
};

}  // namespace vit
