// What a suite of tasks came to, and how it is shown and written.
#pragma once

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

struct TaskResult {
  std::string task, group;
  int64_t classes = 0, trained = 0;  // examples of the final run
  std::string data;                  // its folder
  std::optional<Accuracy> test;
  std::string why_missing;  // when there is none
  ChosenSetting setting;
  std::string run;  // folder of the final run
};

struct SuiteResults {
  std::string title, model, weights;
  std::vector<TaskResult> tasks;  // all of the suite, in its order
};

// The unweighted mean of top-1 over tasks that have a result.
struct Mean {
  std::string name;  // the group, or "all tasks"
  double top1 = 0;
  int64_t tasks = 0, of = 0;
  std::vector<std::string> missing;
  bool is_complete() const { return tasks == of; }
};

// Groups in the order they first occur, then the mean of all tasks.
std::vector<Mean> means_of(const SuiteResults& results);

std::string suite_table(const SuiteResults& results);
std::string suite_json(const SuiteResults& results);
std::string suite_csv(const SuiteResults& results);

}  // namespace vit
