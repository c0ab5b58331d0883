#include "suite.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/transform.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace vit {

void Suite::check(config::Problems& problems) const {
  std::set<std::string> seen;
  for (const SuiteTask& task : tasks) {
    problems.require(seen.insert(task.task).second, "tasks",
                     fmt::format("has two tasks called '{}'", task.task));
  }
}

void SuiteTask::check(config::Problems& problems) const {
  problems.require(task.find('/') == std::string::npos && !task.starts_with('.'), "task",
                   fmt::format("'{}' is no name for a folder of runs", task));
  problems.require(!folders.empty() || !tfds.empty(), "folders",
                   fmt::format("'{}' has neither `folders` nor `tfds`: nowhere to look", task));
  const std::vector<std::string> transforms = Transforms::catalog().names();
  for (const std::string& name : without) {
    const bool is_known = std::ranges::find(transforms, name) != transforms.end();
    problems.require(is_known, "without", Transforms::catalog().unknown(name));
  }
}

Suite read_suite(const std::string& name_or_path, const config::SearchPath& search) {
  return config::read<Suite>(config::Document::from_file(name_or_path, search));
}

std::vector<SuiteTask> choose_tasks(const Suite& suite, const std::vector<std::string>& names) {
  if (names.empty()) return suite.tasks;
  std::vector<std::string> known;
  for (const SuiteTask& task : suite.tasks) known.push_back(task.task);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string meant = closest(name, known);
    throw ConfigError(fmt::format("{} has no task '{}'{}\nits tasks: {}", suite.title, name,
                                  meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant),
                                  join(known, ", ")));
  }
  std::vector<SuiteTask> chosen;
  for (const SuiteTask& task : suite.tasks) {
    if (std::find(names.begin(), names.end(), task.task) != names.end()) chosen.push_back(task);
  }
  return chosen;
}

}  // namespace vit
