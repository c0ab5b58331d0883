#include "results.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include "../json_fields.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

Mean mean_over(const std::string& name, const std::vector<const TaskResult*>& tasks) {
  Mean mean;
  mean.name = name;
  mean.of = static_cast<int64_t>(tasks.size());
  std::vector<double> sums;  // of each seed
  for (const TaskResult* task : tasks) {
    if (task->is_missing()) {
      mean.missing.push_back(task->task);
      continue;
    }
    sums.resize(task->runs.size());
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += task->runs[i].test.top1();
    ++mean.tasks;
  }
  for (double& sum : sums) sum /= static_cast<double>(mean.tasks);
  mean.top1 = spread_of(sums);
  return mean;
}

// "mean of 19", "mean of 12 of 19: not comparable".
std::string extent_of(const Mean& mean) {
  if (mean.is_complete()) return fmt::format("mean of {}", mean.of);
  return fmt::format("mean of {} of {}: not comparable", mean.tasks, mean.of);
}

Json deviation(const Spread& spread) { return spread.n > 1 ? Json(spread.std) : Json(nullptr); }

Json describe(const Mean& mean) {
  return {{"name", mean.name},
          {"top1", mean.tasks > 0 ? Json(mean.top1.mean) : Json(nullptr)},
          {"std", deviation(mean.top1)},
          {"tasks", mean.tasks},
          {"of", mean.of},
          {"complete", mean.is_complete()},
          {"missing", mean.missing}};
}

Json describe(const TaskResult& task) {
  Json json = {{"task", task.task}, {"group", task.group}, {"classes", task.classes}};
  if (task.is_missing()) {
    json["missing"] = task.why_missing;
    return json;
  }
  json["train"] = task.trained;
  json["n"] = task.runs.front().test.n;
  json["top1"] = task.top1().mean;
  json["std"] = deviation(task.top1());
  json["lr"] = task.setting.lr;
  json["steps"] = task.setting.steps;
  if (task.setting.val) json["val_top1"] = *task.setting.val;
  json["data"] = task.data;
  for (const FinalRun& run : task.runs) {
    json["runs"].push_back({{"seed", run.seed},
                            {"top1", run.test.top1()},
                            {"top1_count", run.test.count},
                            {"run", run.folder}});
  }
  return json;
}

}  // namespace

Spread TaskResult::top1() const {
  std::vector<double> values;
  for (const FinalRun& run : runs) values.push_back(run.test.top1());
  return spread_of(values);
}

std::vector<Mean> means_of(const SuiteResults& results) {
  std::vector<std::string> groups;
  std::vector<const TaskResult*> all;
  for (const TaskResult& task : results.tasks) {
    all.push_back(&task);
    if (std::find(groups.begin(), groups.end(), task.group) == groups.end()) {
      groups.push_back(task.group);
    }
  }
  std::vector<Mean> means;
  for (const std::string& group : groups) {
    std::vector<const TaskResult*> members;
    for (const TaskResult* task : all) {
      if (task->group == group) members.push_back(task);
    }
    means.push_back(mean_over(group, members));
  }
  means.push_back(mean_over("all tasks", all));
  return means;
}

std::string suite_table(const SuiteResults& results) {
  using enum Table::Align;
  Table table({{"group", kLeft},
               {"task", kLeft},
               {"trained on", kRight},
               {"test images", kRight},
               {"lr", kRight},
               {"length", kRight},
               {"top-1 %", kRight}});
  for (const TaskResult& task : results.tasks) {
    if (task.is_missing()) {
      table.add({task.group, task.task, "", "", "", "", "missing"});
      continue;
    }
    table.add({task.group, task.task, grouped(task.trained), grouped(task.runs.front().test.n),
               fmt::format("{:g}", task.setting.lr), task.setting.steps, percent(task.top1())});
  }
  for (const Mean& mean : means_of(results)) {
    table.add(
        {mean.name, extent_of(mean), "", "", "", "", mean.tasks > 0 ? percent(mean.top1) : "none"});
  }
  std::string text =
      fmt::format("  {} \u00b7 {} \u00b7 {}\n", results.title, results.model, results.weights) +
      table.boxed();
  for (const TaskResult& task : results.tasks) {
    if (task.is_missing()) text += fmt::format("  missing   {}: {}\n", task.task, task.why_missing);
  }
  return text;
}

std::string suite_json(const SuiteResults& results) {
  Json json = {{"schema", 1},
               {"suite", results.title},
               {"model", results.model},
               {"weights", results.weights},
               {"tasks", Json::array()},
               {"groups", Json::array()}};
  for (const TaskResult& task : results.tasks) json["tasks"].push_back(describe(task));
  std::vector<Mean> means = means_of(results);
  for (size_t i = 0; i + 1 < means.size(); ++i) json["groups"].push_back(describe(means[i]));
  json["mean"] = describe(means.back());
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<TaskResult> tasks_in(const std::string& text, const SuiteResults& of) {
  std::vector<TaskResult> tasks;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || text_at(json, "suite") != of.title ||
      text_at(json, "weights") != of.weights || !json.contains("tasks")) {
    return tasks;
  }
  for (const Json& entry : json["tasks"]) {
    if (!entry.is_object() || !entry.contains("runs")) continue;
    TaskResult task;
    task.task = text_at(entry, "task");
    task.trained = integer_at(entry, "train");
    task.data = text_at(entry, "data");
    task.setting = {number_at(entry, "lr", 0), text_at(entry, "steps"),
                    number_at(entry, "val_top1")};
    for (const Json& run : entry["runs"]) {
      if (!run.is_object()) continue;
      const Accuracy test{integer_at(run, "top1_count"), integer_at(entry, "n")};
      task.runs.push_back({integer_at(run, "seed"), test, text_at(run, "run")});
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::string suite_csv(const SuiteResults& results) {
  std::string text = "task,group,classes,train,n,seed,top1_count,top1,lr,steps,missing\n";
  for (const TaskResult& task : results.tasks) {
    const std::string start =
        fmt::format("{},{},{},", csv_field(task.task), csv_field(task.group), task.classes);
    if (task.is_missing()) {
      text += start + fmt::format(",,,,,,,{}\n", csv_field(task.why_missing));
      continue;
    }
    for (const FinalRun& run : task.runs) {
      text +=
          start + fmt::format("{},{},{},{},{:.6f},{},{},\n", task.trained, run.test.n, run.seed,
                              run.test.count, run.test.top1(), task.setting.lr, task.setting.steps);
    }
  }
  return text;
}

}  // namespace vit
