// The runs that a report is asked to show.
#pragma once

#include "run_facts.hpp"

#include <string>
#include <vector>

namespace vit {

struct BrokenRun {
  std::string name, reason;
};

struct RunsOfReport {
  std::vector<RunFacts> readable;
  std::vector<BrokenRun> broken;
};

// Those of `given`, run folders or folders that hold some, in this order; each once, and their
// names differ. Throws DataError for a folder without a run, and the error of the first run when
// none can be read; else warns of each that cannot.
RunsOfReport read_runs(const std::vector<fs::path>& given);

}  // namespace vit
