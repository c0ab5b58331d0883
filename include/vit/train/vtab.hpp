// A suite of small classification tasks, fine-tuned one after the other from the same weights and
// averaged: VTAB-1k (Zhai et al. 2020), or another list in the form of configs/suites/vtab-1k.yaml.
#pragma once

#include "vit/config/document.hpp"
#include "vit/core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vit {

struct VtabRequest {
  // Whether and for whom one of the suite's settings (learning rate x steps) is chosen by the
  // validation examples before the final runs: for all tasks together, as in the ViT paper, or for
  // each task.
  enum class Select { kNone, kSuite, kTask };

  std::filesystem::path weights;   // anything vit-finetune takes
  std::string model;               // architecture of weights that do not say it
  std::filesystem::path data;      // the folder below which the tasks' data are looked for
  std::string suite = "vtab-1k";   // a file, or the name of a shipped suite
  std::vector<std::string> tasks;  // empty: all of which there are data
  Select select = Select::kNone;
  std::vector<int64_t> seeds;          // of each task's final runs; empty: one, as configured
  std::filesystem::path out;           // "" = runs/<suite>_<weights>
  bool check = false;                  // look at data and configurations, train nothing
  config::Document own;                // --config and --set
  config::SearchPath configs, suites;  // where bare names are looked up
  std::vector<std::string> argv;       // for meta.json of the runs
};

// The data and configurations of all tasks are checked before the first run. Each run is a normal
// run folder below `out`; those that are done are skipped and interrupted ones go on, so the same
// command resumes. Prints the table of tasks, groups and the mean to stdout and writes results.json
// and results.csv to `out` after each task; what is missing is named there, and means that lack a
// task say so. Several seeds make as many final runs of each task, and every number a mean with its
// deviation. Returns kDone; kStopped or kInterrupted when a run was stopped; kDiverged when a
// task's final run diverged (it is reported as missing).
//
// Throws ConfigError (the suite, unknown tasks, a run that was started with another configuration),
// DataError (no data, the wrong number of classes or examples, training and test examples in
// common), CheckpointError.
ExitCode run_vtab(const VtabRequest& request);

}  // namespace vit
