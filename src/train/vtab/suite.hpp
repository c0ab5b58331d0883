// What a suite file says (configs/suites/vtab-1k.yaml).
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/document.hpp"
#include "vit/core/duration.hpp"
#include "vit/data/label_rule.hpp"

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace vit {

// How TFRecords are read, in the words of `data: {name: tfrecord}`.
struct RecordLabels {
  std::vector<std::string> label_keys = {"label"};
  LabelSection label{"value"};
  int64_t pixel_scale = 1;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&RecordLabels::label_keys>("As data.label_keys."),
                      field<&RecordLabels::label>("As data.label."),
                      field<&RecordLabels::pixel_scale>("As data.pixel_scale.")};
  }
};

struct SuiteTask {
  std::string task;
  std::string group;
  int64_t classes = 0;
  std::vector<std::string> folders;
  std::string tfds;
  std::string train, val, test;
  RecordLabels records;
  std::vector<std::string> without;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&SuiteTask::task>("Its name.", not_empty),
        field<&SuiteTask::group>("Tasks of a group have a mean of their own.", not_empty),
        field<&SuiteTask::classes>("Classes there must be.", positive),
        field<&SuiteTask::folders>(
            "Folders below the root of the data where its pictures may lie with lists."),
        field<&SuiteTask::tfds>(
            "Folder below the root where TensorFlow Datasets keeps it, without the version."),
        field<&SuiteTask::train>("Split of the records that is tuned on.", not_empty),
        field<&SuiteTask::val>("Split of the records that settings are chosen by.", not_empty),
        field<&SuiteTask::test>("Split of the records that is reported on.", not_empty),
        field<&SuiteTask::records>("How the labels come out of the records."),
        field<&SuiteTask::without>("Transforms of the recipe that are left out.")};
  }
  void check(
      config::Problems& problems) const;  // a usable name, somewhere to look, transforms known
};

struct SelectionGrid {
  std::vector<double> lr = {0.01};
  std::vector<Duration> steps = {Duration::steps(2500)};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&SelectionGrid::lr>("Learning rates.", positive, not_empty),
                      field<&SelectionGrid::steps>("Lengths of the run.", positive, not_empty)};
  }
};

struct Suite {
  std::string title;
  std::string recipe;
  int64_t train_examples = 0, val_examples = 0;
  SelectionGrid select;
  std::vector<SuiteTask> tasks;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&Suite::title>("Its name in tables.", not_empty),
        field<&Suite::recipe>("The configuration all tasks start from.", not_empty),
        field<&Suite::train_examples>("Examples `train` must have.", positive),
        field<&Suite::val_examples>("Examples `val` must have.", positive),
        field<&Suite::select>("Settings to choose from; of equals the first is taken."),
        field<&Suite::tasks>("The tasks, in the order of the table.", not_empty)};
  }
  void check(config::Problems& problems) const;  // names differ
};

// Throws ConfigError.
Suite read_suite(const std::string& name_or_path, const config::SearchPath& search);

// The tasks called so, in the order of the suite; all when `names` is empty. Throws ConfigError
// with the closest name.
std::vector<SuiteTask> choose_tasks(const Suite& suite, const std::vector<std::string>& names);

}  // namespace vit
