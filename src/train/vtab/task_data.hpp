// Where the data of a suite's task lie, and whether they are what the suite says.
#pragma once

#include "suite.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace vit {

struct TaskData {
  std::string kind;  // "list", "folder" or "tfrecord"
  std::filesystem::path root;
  std::string section;           // YAML: a `data` section without splits
  std::string train, val, test;  // splits

  std::string both() const { return train + "+" + val; }  // that of the final run
};

// Nothing when the task's data are nowhere below `root`. Throws DataError when a folder cannot be
// read.
std::optional<TaskData> find_task_data(const SuiteTask& task, const std::filesystem::path& root);

// "dtd/train800.txt, dtd/train800/<class>/ or dtd/<version>/dataset_info.json": for messages.
std::string places_looked_at(const SuiteTask& task);

// Examples of the splits.
struct TaskSizes {
  int64_t train = 0, val = 0, test = 0;
};

// Opens the data. Throws DataError for another number of classes, other numbers of training and
// validation examples than the suite's, and examples that are in two of the splits.
TaskSizes check_task_data(const Suite& suite, const SuiteTask& task, const TaskData& data);

}  // namespace vit
