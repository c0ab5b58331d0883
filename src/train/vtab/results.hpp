// What a suite of tasks came to, and how it is shown and written.
#pragma once

#include "train/spread.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vit {

struct Accuracy {
  int64_t count = 0, n = 0;
  double top1() const { return n == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(n); }
};

// What one task was tuned to.
struct ChosenSetting {
  double lr = 0;
  std::string steps;          // "2500 steps"
  std::optional<double> val;  // its accuracy on the validation examples, when there was a choice
};

struct FinalRun {
  int64_t seed = 0;
  Accuracy test;
  std::string folder;
};

struct TaskResult {
  std::string task, group;
  int64_t classes = 0, trained = 0;  // examples of a final run
  std::string data;                  // its folder
  std::vector<FinalRun> runs;        // one for each seed, in the same order for all tasks
  std::string why_missing;           // "": it has all its runs
  ChosenSetting setting;

  bool is_missing() const { return !why_missing.empty(); }
  Spread top1() const;  // over the seeds
};

struct SuiteResults {
  std::string title, model, weights;
  std::vector<TaskResult> tasks;  // all of the suite, in its order
};

// The unweighted mean of top-1 over tasks that are not missing.
struct Mean {
  std::string name;  // the group, or "all tasks"
  Spread top1;       // over the seeds, the tasks' mean of each
  int64_t tasks = 0, of = 0;
  std::vector<std::string> missing;
  bool is_complete() const { return tasks == of; }
};

// Groups in the order they first occur, then the mean of all tasks.
std::vector<Mean> means_of(const SuiteResults& results);

std::string suite_table(const SuiteResults& results);
std::string suite_json(const SuiteResults& results);

// The tasks that a results.json has results of, when it is of this suite and these weights.
std::vector<TaskResult> tasks_in(const std::string& json, const SuiteResults& of);

std::string suite_csv(const SuiteResults& results);

}  // namespace vit
