// Commands run a few at a time; stopping one stops all.
#include "train/sweep/job_queue.hpp"

#include "vit/core/stop_signal.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

namespace vit {
namespace {

class Jobs : public testing::Test {
 protected:
  ExitCode run(const std::vector<std::string>& scripts, int64_t at_once) {
    std::vector<ChildCommand> commands;
    for (const std::string& script : scripts)
      commands.push_back({{"/bin/sh", "-c", script}, {}, dir_ / "log"});
    JobQueue::Events events{[this](size_t job) { return may_start(job); },
                            [this](size_t job) {
                              started.push_back(job);
                              most = std::max(most, started.size() - ended.size());
                            },
                            [this](size_t job, const ChildEnd& end) { ended[job] = end; },
                            [](std::span<const size_t>) {}};
    return JobQueue(std::move(commands), at_once, std::move(events)).run();
  }
  std::string log() const {
    std::ifstream file(dir_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const test::TempDir dir_;
  const StopSignal signals_;
  std::function<bool(size_t)> may_start = [](size_t) { return true; };
  std::vector<size_t> started;
  std::map<size_t, ChildEnd> ended;
  size_t most = 0;
};

TEST_F(Jobs, RunInOrderAFewAtATime) {
  EXPECT_EQ(run({"exit 0", "exit 3", "kill -9 $$", "exit 5"}, 2), ExitCode::kDone);
  EXPECT_EQ(started, (std::vector<size_t>{0, 1, 2, 3}));
  EXPECT_EQ(most, 2U);
  EXPECT_EQ(ended[1].exit_code, 3) << "a failure of one does not end the others";
  EXPECT_EQ(ended[2].signal, SIGKILL);
  EXPECT_EQ(ended[3].exit_code, 5);
}

TEST_F(Jobs, ThoseThatMayNotStartYetLetOthersGoFirst) {
  may_start = [this](size_t job) { return job != 0 || ended.size() == 2; };
  EXPECT_EQ(run({"true", "true", "true"}, 1), ExitCode::kDone);
  EXPECT_EQ(started, (std::vector<size_t>{1, 2, 0}));
}

// One counts the signals it gets.
TEST_F(Jobs, AStoppedOneStopsTheOthersOnce) {
  const std::string patient =
      "n=0; trap 'n=$((n+1))' TERM; echo up; while [ $n = 0 ]; do sleep 0.01; done; "
      "sleep 0.3; echo got $n; exit 75";
  const std::string stopped =
      "until grep -q up " + (dir_ / "log").string() + "; do sleep 0.01; done; exit 75";
  EXPECT_EQ(run({patient, stopped, "echo never"}, 2), ExitCode::kStopped);
  EXPECT_EQ(log(), "up\ngot 1\n");
  EXPECT_EQ(started.size(), 2U);
  EXPECT_EQ(ended.size(), 2U) << "all that ran have ended";
}

TEST_F(Jobs, AnInterruptIsPassedOn) {
  const std::string script = "trap 'exit 130' INT; kill -INT " + std::to_string(getpid()) +
                             "; while :; do sleep 0.01; done";
  EXPECT_EQ(run({script, "echo never"}, 1), ExitCode::kInterrupted);
  EXPECT_EQ(ended[0].exit_code, 130);
  EXPECT_EQ(log(), "");
}

TEST(StopOf, ChildrenStoppedBySignalsCountAsStopped) {
  EXPECT_EQ(stop_of({75, 0}), ExitCode::kStopped);
  EXPECT_EQ(stop_of({-1, SIGTERM}), ExitCode::kStopped);
  EXPECT_EQ(stop_of({130, 0}), ExitCode::kInterrupted);
  EXPECT_EQ(stop_of({-1, SIGINT}), ExitCode::kInterrupted);
  for (const ChildEnd end : {ChildEnd{0, 0}, ChildEnd{5, 0}, ChildEnd{-1, SIGKILL}})
    EXPECT_EQ(stop_of(end), ExitCode::kDone);
}

}  // namespace
}  // namespace vit
