#include "task_data.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/dataset.hpp"
#include "vit/data/shared_examples.hpp"

#include "../data_layer.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <sstream>

namespace vit {
namespace {

namespace fs = std::filesystem;

// The splits of the published folders of VTAB-1k: lists (train800.txt), or folders of class
// folders.
constexpr const char* kTrain = "train800";
constexpr const char* kVal = "val200";
constexpr const char* kTest = "test";
constexpr const char* kInfo = "dataset_info.json";  // beside every set of TensorFlow Datasets

using Version = std::array<int64_t, 3>;

// "3.0.1".
std::optional<Version> version_in(const std::string& name) {
  Version version{};
  const char *at = name.data(), *end = name.data() + name.size();
  for (size_t i = 0; i < version.size(); ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    const auto [stop, error] = std::from_chars(at, end, version[i]);
    if (error != std::errc()) return std::nullopt;
    at = stop;
  }
  return at == end ? std::optional(version) : std::nullopt;
}

// The newest version of a set of TensorFlow Datasets below its folder, or the folder itself.
std::optional<fs::path> find_version(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / kInfo, error)) return folder;
  std::optional<Version> newest;
  fs::path found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto version = version_in(it->path().filename().string());
    std::error_code unknown;
    if (!version || (newest && *version < *newest) || !fs::exists(it->path() / kInfo, unknown)) {
      continue;
    }
    newest = version;
    found = it->path();
  }
  return newest ? std::optional(found) : std::nullopt;
}

TaskData in_folder(const std::string& kind, const fs::path& root) {
  return {kind, root, data_layer(kind, root), kTrain, kVal, kTest};
}

TaskData in_records(const SuiteTask& task, const fs::path& root) {
  std::string section =
      fmt::format("data:\n  name: tfrecord\n  root: {}\n", yaml_string(root.string()));
  std::istringstream lines(config::write(task.records));
  for (std::string line; std::getline(lines, line);) section += "  " + line + "\n";
  return {"tfrecord", root, std::move(section), task.train, task.val, task.test};
}

void require_size(const Dataset& set, int64_t wanted, const std::string& split,
                  const SuiteTask& task, const Suite& suite, const TaskData& data) {
  if (set.size() == wanted) return;
  throw DataError(fmt::format(
      "task '{}': split '{}' of '{}' has {} examples\n{} takes {} of each task", task.task, split,
      data.root.string(), grouped(set.size()), suite.title, grouped(wanted)));
}

void require_apart(const Dataset& a, const std::string& a_name, const Dataset& b,
                   const std::string& b_name, const SuiteTask& task, const TaskData& data) {
  const int64_t shared = shared_examples(a, b);
  if (shared == 0) return;
  throw DataError(fmt::format(
      "task '{}': {} example{} of '{}' {} in split '{}' and in split '{}'\n"
      "what is trained on must not be tested on: get the data again, or mend the suite's splits",
      task.task, grouped(shared), shared == 1 ? "" : "s", data.root.string(),
      shared == 1 ? "is" : "are", a_name, b_name));
}

// What `open` gives; its errors say whose data they are about.
template <class Open>
auto in_task(const SuiteTask& task, const TaskData& data, const Open& open) {
  try {
    return open();
  } catch (const DataError& error) {
    throw DataError(
        fmt::format("task '{}' in '{}': {}", task.task, data.root.string(), error.what()));
  }
}

}  // namespace

std::optional<TaskData> find_task_data(const SuiteTask& task, const fs::path& root) {
  std::error_code unknown;
  for (const std::string& name : task.folders) {
    const fs::path folder = root / name;
    if (fs::is_regular_file(folder / (std::string(kTrain) + ".txt"), unknown)) {
      return in_folder("list", folder);
    }
    if (fs::is_directory(folder / kTrain, unknown)) return in_folder("folder", folder);
  }
  if (task.tfds.empty()) return std::nullopt;
  const std::optional<fs::path> version = find_version(root / task.tfds);
  return version ? std::optional(in_records(task, *version)) : std::nullopt;
}

std::string places_looked_at(const SuiteTask& task) {
  std::vector<std::string> places;
  for (const std::string& name : task.folders) {
    places.push_back(fmt::format("{}/{}.txt", name, kTrain));
    places.push_back(fmt::format("{}/{}/<class>/", name, kTrain));
  }
  if (!task.tfds.empty()) places.push_back(fmt::format("{}/<version>/{}", task.tfds, kInfo));
  return join_words(places, "or");
}

TaskSizes check_task_data(const Suite& suite, const SuiteTask& task, const TaskData& data) {
  const auto source = in_task(task, data, [&] {
    return config::read<DataLayer>(
               config::Document::from_text(data.section, "the data of " + task.task))
        .data.build();
  });
  const auto open = [&](const std::string& split) {
    return in_task(task, data, [&] { return open_split(*source, split); });
  };
  const auto classes = static_cast<int64_t>(source->info().classes.size());
  if (classes != task.classes) {
    throw DataError(
        fmt::format("task '{}' has {} classes, but '{}' has {}\n"
                    "part of the data is missing, or it is another data set",
                    task.task, task.classes, data.root.string(), classes));
  }
  const auto train = open(data.train), val = open(data.val), both = open(data.both()),
             test = open(data.test);
  require_size(*train, suite.train_examples, data.train, task, suite, data);
  require_size(*val, suite.val_examples, data.val, task, suite, data);
  require_apart(*train, data.train, *val, data.val, task, data);
  require_apart(*both, data.both(), *test, data.test, task, data);
  return {train->size(), val->size(), test->size()};
}

}  // namespace vit
