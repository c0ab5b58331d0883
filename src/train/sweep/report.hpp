// What a sweep tells: tables for people, sweep.csv and sweep.json for programs.
#pragma once

#include "train/sweep/plan.hpp"
#include "train/sweep/selection.hpp"
#include "train/sweep/standing.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vit {

struct SweepResult {
  SweepRun run;
  Standing standing;
};

struct SweepResults {
  std::string file;  // the sweep
  std::vector<SweepResult> points;
  std::optional<SelectConfig> select;
  std::optional<size_t> chosen;     // the first point of the chosen group
  std::vector<SweepResult> finals;  // the chosen point on all training data
};

// What the probes of these runs are called, each once, and one run's answer to it or nullptr.
std::vector<std::string> probe_titles(const std::vector<SweepResult>& results);
const StoredProbe* probe_of(const SweepResult& result, const std::string& title);

// "done", "diverged", "to run", ...: how a point stands, in a word or two.
std::string state_text(const Standing& standing);

// Every point with its state: --dry-run.
std::string list_text(const std::vector<SweepResult>& points);

// The table of all runs; means over the seeds where there are several; what was chosen and its
// test.
std::string results_text(const SweepResults& results);

// sweep.csv, a row a run, and sweep.json. Throws DataError.
void write_results(const std::filesystem::path& folder, const SweepResults& results);

}  // namespace vit
