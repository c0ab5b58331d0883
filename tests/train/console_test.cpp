// The end of a run in words, and the console observer on a terminal and in a pipe.
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/train/observer.hpp"

#include "fake_run.hpp"
#include "train/observers/result_text.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace vit {
namespace {

using test::AsciiScreen;
using test::at_step;
using test::some_evaluation;
using test::some_training;
using test::Utf8Screen;
using testing::HasSubstr;
using testing::Not;

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

RunSummary some_end() {
  RunSummary summary;
  summary.at = at_step(1404);
  summary.status = "done";
  summary.wall_s = 138;
  summary.train_s = 125;
  summary.eval_s = 12;
  summary.checkpoint_s = 1;
  summary.last = summary.best = {some_evaluation(1404, "raw", 8634)};
  summary.last_checkpoint = summary.best_checkpoint = "checkpoints/step-00001404";
  summary.run_dir = "runs/some";
  return summary;
}

TEST(ResultText, ShowsTheTableOfTheDocument) {
  const AsciiScreen screen;
  EXPECT_EQ(closing_line(some_end()),
            "done in 2:18 (train 2:05, eval 0:12, checkpoints 0:01)   status: done, exit 0");
  EXPECT_EQ(result_text(some_end()),
            "  +---------+------+-------+-------+-------+---------------------------+\n"
            "  | weights | step | top-1 | top-5 |  loss | checkpoint                |\n"
            "  +---------+------+-------+-------+-------+---------------------------+\n"
            "  | best    | 1404 | 86.34 | 99.50 | 0.402 | checkpoints/step-00001404 |\n"
            "  | last    | 1404 | 86.34 | 99.50 | 0.402 | checkpoints/step-00001404 |\n"
            "  +---------+------+-------+-------+-------+---------------------------+\n"
            "  run dir   runs/some\n"
            "  next      vit-eval --run runs/some\n");
}

TEST(ResultText, HasRowsForRawAndAverageWhenThereAreBoth) {
  RunSummary summary = some_end();
  summary.last.push_back(some_evaluation(1404, "average", 8700));
  const std::string text = result_text(summary);
  EXPECT_THAT(text, HasSubstr("best, raw"));
  EXPECT_THAT(text, HasSubstr("last, raw"));
  EXPECT_THAT(text, HasSubstr("last, average"));
  EXPECT_THAT(text, HasSubstr("87.00"));
}

TEST(ResultText, TellsHowToGoOnAfterAStop) {
  RunSummary summary = some_end();
  summary.at = at_step(823);
  summary.status = "interrupted";
  summary.exit_code = 130;
  summary.best = summary.last = {some_evaluation(468, "raw", 8124)};
  summary.best_checkpoint = "checkpoints/step-00000468";
  summary.last_checkpoint = "checkpoints/step-00000823";
  summary.run_dir = "runs/my run's";
  EXPECT_THAT(closing_line(summary), HasSubstr("stopped at step 823/1404 after 2:18"));
  EXPECT_THAT(result_text(summary),
              HasSubstr("continue with: vit-train --run-dir 'runs/my run'\\''s' --resume\n"));
  EXPECT_THAT(result_text(summary), Not(HasSubstr("vit-eval")));
  EXPECT_THAT(result_text(summary), Not(HasSubstr("step-00000823")));  // nobody evaluated it
}

TEST(ResultText, LeadsToProbesWithoutAHead) {
  RunSummary summary = some_end();
  summary.has_head = false;
  EXPECT_THAT(result_text(summary),
              HasSubstr("next      vit-eval --run runs/some --few-shot 10\n"));
}

TEST(ResultText, OfAFailureHasNoTableUnlessThereIsSomethingToShow) {
  RunSummary summary;
  summary.status = "failed";
  summary.exit_code = 3;
  summary.run_dir = "runs/some";
  EXPECT_EQ(result_text(summary), "");
  summary.status = "diverged";
  summary.last_checkpoint = "checkpoints/step-00000468";
  EXPECT_EQ(result_text(summary),
            "  run dir   runs/some\n  last good checkpoint: checkpoints/step-00000468\n");
}

// Plays a run of 1404 steps.
void play(const std::unique_ptr<Observer>& observer) {
  RunInfo info;
  info.at = at_step(0);
  info.header = {{"model", "vit_nano7  28\u00d728"}, {"data", "fashion_mnist\nsecond line"}};
  observer->run_started(info);
  for (int64_t step = 1; step <= 1404; ++step) {
    observer->advanced(at_step(step), 5.6e-4);
    if (step % 50 == 0 || step == 1404) observer->stepped(some_training(step));
    if (step % 468 != 0) continue;
    observer->evaluating(at_step(step), 5000, 10000);
    EvalReport report = some_evaluation(step, "raw", 8634);
    report.best = true;
    observer->evaluated(report);
    observer->saved({at_step(step), "checkpoints/step-00000468", 0.08, true});
  }
  observer->event({at_step(1404), "warn", "data.slow", "data wait 38 %"});
  observer->run_finished(some_end());
}

// The default logger of the process, put back afterwards.
class ConsoleObserver : public testing::Test {
 protected:
  void TearDown() override { spdlog::set_default_logger(before_); }

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

int64_t count(const std::string& text, const std::string& part) {
  int64_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST_F(ConsoleObserver, InAPipePrintsPlainLinesAndTheFirstAndTheLastReport) {
  const AsciiScreen screen;
  constexpr double kNever = 1e9;
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  start_logging(Verbosity::kNormal);
  play(console_observer(kNever));
  const std::string log = testing::internal::GetCapturedStderr();
  const std::string result = testing::internal::GetCapturedStdout();
  EXPECT_THAT(log, HasSubstr("model  vit_nano7  28x28\n"));
  EXPECT_THAT(log, HasSubstr("       second line\n"));
  EXPECT_THAT(log, HasSubstr("train: ep 1/3 step 50/1404 (3.6%) loss 0.834"));
  EXPECT_THAT(log, HasSubstr("train: ep 3/3 step 1404/1404 (100.0%) loss 0.834"));
  EXPECT_EQ(count(log, "train: ep"),
            4);  // the first, one before each evaluation (the last of them ends the run)
  EXPECT_EQ(count(log, "val: ep"), 3);
  EXPECT_THAT(
      log, HasSubstr("step 468 top-1 86.34 top-5 99.50 loss 0.402 (10000 images in 3.9 s) best\n"));
  EXPECT_THAT(log, HasSubstr("saved: checkpoints/step-00000468 in 0.1 s best\n"));
  EXPECT_THAT(log, HasSubstr("warning: data wait 38 %\n"));
  EXPECT_TRUE(is_ascii(log));
  EXPECT_EQ(log.find('\033'), std::string::npos);
  EXPECT_EQ(log.find('\r'), std::string::npos);
  EXPECT_EQ(result, result_text(some_end()));
}

TEST_F(ConsoleObserver, InAPipePrintsEveryReportWhenAskedTo) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  start_logging(Verbosity::kNormal);
  play(console_observer(0));
  testing::internal::GetCapturedStdout();
  EXPECT_GE(count(testing::internal::GetCapturedStderr(), "loss 0.834"), 29);
}

TEST_F(ConsoleObserver, InAPipePrintsTheLastReportOfARunThatStops) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  start_logging(Verbosity::kNormal);
  const auto observer = console_observer(1e9);
  for (const int64_t step : {50, 100, 150}) observer->stepped(some_training(step));
  observer->run_finished({});
  testing::internal::GetCapturedStdout();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("step 50/1404"));
  EXPECT_THAT(log, Not(HasSubstr("step 100/1404")));
  EXPECT_THAT(log, HasSubstr("step 150/1404"));
}

// A terminal of 80 columns in the place of stderr; collects what is written to it.
class Terminal {
 public:
  Terminal() : saved_(dup(STDERR_FILENO)), master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) return;
    const int slave = open(ptsname(master_), O_RDWR | O_NOCTTY);
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 80;
    ioctl(slave, TIOCSWINSZ, &size);
    dup2(slave, STDERR_FILENO);
    close(slave);
    reader_ = std::thread([this] {
      char chunk[4096];
      for (ssize_t got; (got = read(master_, chunk, sizeof chunk)) > 0;)
        text_.append(chunk, static_cast<size_t>(got));
    });
  }
  ~Terminal() { finish(); }
  bool works() const { return reader_.joinable(); }
  // Everything written, after the last writer is gone.
  std::string finish() {
    if (saved_ < 0) return text_;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
    if (reader_.joinable()) reader_.join();
    close(master_);
    return text_;
  }

 private:
  int saved_, master_;
  std::thread reader_;
  std::string text_;
};

TEST_F(ConsoleObserver, OnATerminalRedrawsOneLineAndLeavesNothingOfIt) {
  Utf8Screen screen;
  screen.set("TERM", "xterm");
  testing::internal::CaptureStdout();
  Terminal terminal;
  if (!terminal.works()) GTEST_SKIP() << "no pseudo-terminals here";
  start_logging(Verbosity::kNormal);
  play(console_observer(1e9));
  const std::string text = terminal.finish();
  const std::string result = testing::internal::GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr("  model  vit_nano7  28\u00d728\r\n"));
  EXPECT_THAT(text,
              HasSubstr("  ep 1/3  step  468/1404  loss 0.834  lr 5.6e-04  1.7k img/s  data  1%"));
  EXPECT_THAT(text,
              HasSubstr("         val  top-1 86.34  top-5 99.50  loss 0.402  \u2605 best\r\n"));
  EXPECT_THAT(text, HasSubstr("         saved step-00000468 in 0.1 s\r\n"));
  EXPECT_EQ(result, result_text(some_end()));
  // What is drawn in place never reaches the last column, and is wiped in the end.
  const std::string wipe = "\r\033[2K";
  EXPECT_GE(count(text, wipe), 1);
  const size_t last_wipe = text.rfind(wipe);
  EXPECT_EQ(text.find('\r', last_wipe + 1), text.find("\r\n", last_wipe));
  EXPECT_EQ(text.back(), '\n');
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find_first_of("\r\n", from), text.size());
    std::string piece = text.substr(from, end - from);
    if (piece.starts_with("\033[2K")) piece.erase(0, 4);
    EXPECT_LE(display_width(piece), 80) << piece;
    from = end + 1;
  }
}

TEST_F(ConsoleObserver, OnATerminalARunThatThrowsLeavesNoStatusLine) {
  Utf8Screen screen;
  screen.set("TERM", "xterm");
  Terminal terminal;
  if (!terminal.works()) GTEST_SKIP() << "no pseudo-terminals here";
  start_logging(Verbosity::kNormal);
  console_observer(1e9)->advanced(at_step(1), 0.1);  // and destroyed at once
  const std::string text = terminal.finish();
  EXPECT_THAT(text, HasSubstr("1/1404"));
  EXPECT_TRUE(text.ends_with("\r\033[2K")) << text;
}

}  // namespace
}  // namespace vit
