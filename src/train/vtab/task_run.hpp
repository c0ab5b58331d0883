// One run of a suite's task: its configuration, its folder, and what it came to.
#pragma once

#include "vit/config/document.hpp"
#include "vit/core/duration.hpp"
#include "vit/core/error.hpp"
#include "vit/train/run_config.hpp"

#include "results.hpp"
#include "suite.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vit {

// A point of the suite's grid.
struct Setting {
  double lr = 0;
  Duration steps;
};

// What a run is made of, beside what all runs of a task share.
struct RunPlan {
  std::filesystem::path folder;
  std::string train, val;          // splits
  std::optional<Setting> setting;  // nothing: as the recipe says
  std::optional<int64_t> seed;     // nothing: as configured
  bool is_reported = false;        // by `val`, on which nothing may depend
};

struct TaskRun {
  std::filesystem::path folder;
  config::Document document;
  RunConfig config;
};

// `document` is the recipe with the task's data and the user's own keys. Transforms that the task
// is to be without are taken out of its `augment`. Throws ConfigError, also when the folder holds a
// run of another configuration.
TaskRun make_run(config::Document document, const SuiteTask& task, const RunPlan& plan);

// A run was stopped and has saved.
struct Stopped {
  ExitCode code;
};

// The accuracy of a finished run, of its last evaluation; nothing when it is not finished.
std::optional<Accuracy> accuracy_in(const std::filesystem::path& run);

// Runs it to its end, from where an earlier session left it; a finished run is only read. The
// accuracy is that of the last evaluation, by the averaged weights where there are some. A stop
// that was asked for before is one. Throws Stopped, Diverged, and what else run_training() throws.
Accuracy carry_out(const TaskRun& run, const std::vector<std::string>& argv);

}  // namespace vit
