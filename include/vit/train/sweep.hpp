// A grid of runs from one file (vit-sweep), and the paper's selection protocol over it: carve a
// validation split out of train, choose, retrain on all of train, test (Dosovitskiy et al. 2021,
// B.1.1).
#pragma once

#include "vit/config/document.hpp"
#include "vit/core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vit {

struct SweepRequest {
  enum class Action {
    kRun,            // run what is not done, then report
    kList,           // --dry-run: the points and how they stand, to stdout
    kPrintCommands,  // what kRun would start, a shell command a line, to stdout
  };

  std::filesystem::path file;  // the sweep; names in it are looked up beside it
  config::Document document;   // its content, then --set
  config::SearchPath shipped;  // where bare names of configurations are looked up
  std::filesystem::path out;   // folder of its runs; "" = runs/<name of the file>
  int64_t jobs = 1;            // runs at a time
  bool rerun = false;          // start points over whose configuration has changed
  Action action = Action::kRun;
  std::vector<std::string> argv;  // to say how to go on
};

// Every point is checked before the first run starts, its data too (but for kPrintCommands: they
// may be where the runs are). Each is a process of its own of this program; points that are done
// are skipped, interrupted ones go on. Prints the table to stdout and writes sweep.csv and
// sweep.json. Returns kDone, also when points diverged; kStopped or kInterrupted when it was
// stopped after its runs have saved. Throws ConfigError for the file, the grid, or points that have
// changed since they ran; Error(kData) for data, splits, or splits of a selection that share
// examples; Error(kExternal) when runs failed, or the code of all of them; Diverged when all did.
ExitCode run_sweep(const SweepRequest& request);

// The keys of a sweep file.
std::string sweep_help();

}  // namespace vit
