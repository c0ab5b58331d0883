// A program of several runs hears what is asked of it between two of them.
#include "vit/core/stop_signal.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace vit {
namespace {

TEST(StopSignal, ARequestBetweenTwoRunsStays) {
  const StopSignal program;
  { const StopSignal run; }
  std::raise(SIGTERM);
  EXPECT_EQ(StopSignal::exit_code(), ExitCode::kStopped);
  {
    const StopSignal run;
    EXPECT_EQ(StopSignal::requested(), StopRequest::kSave);
  }
  EXPECT_EQ(StopSignal::exit_code(), ExitCode::kStopped);
}

TEST(StopSignal, ANewProgramHasNoRequest) {
  {
    const StopSignal first;
    std::raise(SIGTERM);
  }
  const StopSignal second;
  EXPECT_EQ(StopSignal::requested(), StopRequest::kNone);
}

}  // namespace
}  // namespace vit
