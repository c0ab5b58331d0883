// Runs points of a sweep as processes of their own, and keeps their standings up to date.
#pragma once

#include "vit/core/error.hpp"

#include "train/sweep/report.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vit {

struct StageOptions {
  std::filesystem::path out;  // folder of the sweep; what processes print goes to logs/ in it
  int64_t jobs = 1;           // at a time
};

// Those that have not come to their end. Returns kDone, also when some failed; kStopped or
// kInterrupted after a stop. For the life of a StopSignal.
ExitCode run_stage(const StageOptions& options, std::vector<SweepResult>& results);

// The command of a run, as it is started and as it is printed.
std::vector<std::string> command_of(const SweepResult& result);

}  // namespace vit
