#include "train/sweep/plan.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/child_process.hpp"
#include "vit/core/error.hpp"
#include "vit/train/finetune_layer.hpp"

#include "train/run_start.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace vit {

namespace fs = std::filesystem;

namespace {

// A file beside the sweep, else what --config makes of the name.
fs::path find_base(const std::string& name, const SweepRequest& request) {
  const fs::path beside = request.file.parent_path() / name;
  std::error_code ignored;
  const fs::path found =
      fs::is_regular_file(beside, ignored) ? beside : config::find_config(name, request.shipped);
  return fs::absolute(found).lexically_normal();
}

// Whether an axis is called by this key, or by one below it.
bool is_axis(const SweepPoint& point, const std::string& key) {
  return std::any_of(point.values.begin(), point.values.end(), [&](const auto& value) {
    return value.first == key || value.first.starts_with(key + ".");
  });
}

}  // namespace

SweepPlanner::SweepPlanner(const SweepRequest& request, const SweepConfig& config, fs::path out)
    : request_(request), config_(config), out_(std::move(out)), program_(own_program()) {
  for (const std::string& name : config.base) {
    bases_.push_back(find_base(name, request).string());
    base_.overlay(config::Document::from_file(bases_.back(), request.shipped));
  }
}

// What the process of a point will make of its command line: the same calls in the same order.
config::Document SweepPlanner::document(const std::vector<Assignment>& assignments, Paths paths) {
  config::Document own = base_;
  for (const Assignment& each : assignments) {
    own.set(each.key, each.text, each.place, paths == Paths::kAsWritten ? each.folder : fs::path());
  }
  if (config_.program == SweepProgram::kTrain) return own;
  const std::string layout = own.scalar("init.layout");
  if (!layers_.contains(layout))
    layers_[layout] = finetune_layer(config_.weights, config_.model, config_.data, own);
  return finetune_document(layers_[layout], own, request_.shipped);
}

// Relative paths start at the file they are in, those of a command line at the working directory.
// So keys that would mean something else there become absolute.
std::vector<Assignment> SweepPlanner::anchored(std::vector<Assignment> assignments) {
  const RunConfig meant = read_run_config(document(assignments, Paths::kAsWritten));
  const RunConfig seen = read_run_config(document(assignments, Paths::kFromHere));
  for (const config::Difference& path : config::diff(meant, seen)) {
    const auto same = std::find_if(assignments.rbegin(), assignments.rend(),
                                   [&](const Assignment& each) { return each.key == path.key; });
    if (same != assignments.rend()) {
      same->text = path.old_text;
    } else {
      assignments.push_back({path.key, path.old_text, "", {}});
    }
  }
  return assignments;
}

RunConfig SweepPlanner::configuration(const SweepPoint& point) {
  RunRequest request;
  request.document = document(point.assignments, Paths::kFromHere);
  request.has_files = true;
  return config_for(request, std::nullopt);
}

std::vector<std::string> SweepPlanner::words(const SweepPoint& point) const {
  const bool tunes = config_.program == SweepProgram::kFinetune;
  std::vector<std::string> words = {program_.string(), tunes ? "finetune" : "train"};
  const auto add = [&words](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--weights", config_.weights.string());
  add("--data", config_.data.string());
  add("--model", config_.model);
  for (const std::string& base : bases_) add("--config", base);
  for (const Assignment& each : point.assignments) add("--set", each.key + "=" + each.text);
  add("--run-dir", fs::absolute(out_ / point.name).lexically_normal().string());
  return words;
}

std::vector<SweepRun> SweepPlanner::plan(const std::vector<SweepPoint>& points) {
  std::vector<SweepRun> runs;
  config::Problems problems;
  std::set<std::string> seen;  // most problems are those of every point
  std::map<std::string, std::string> known;
  for (const SweepPoint& point : points) {
    try {
      SweepRun run{point, {}, out_ / point.name, {}};
      run.point.assignments = anchored(point.assignments);
      run.config = configuration(run.point);
      run.words = words(run.point);
      const auto [other, is_new] = known.emplace(config::write(run.config), point.name);
      if (!is_new)
        throw ConfigError("the points '" + other->second + "' and '" + point.name +
                          "' are the same run\nremove one of the values");
      runs.push_back(std::move(run));
    } catch (const config::InvalidConfig& error) {
      for (config::Problem problem : error.problems().list()) {
        // An axis that is no key is wrong once, not with each of its values.
        const bool is_of_axis = problem.unknown_key && is_axis(point, problem.key);
        if (!seen.insert(is_of_axis ? problem.key : problem.message()).second) continue;
        if (is_of_axis) problem.text += " (an axis of this sweep)";
        problems.add(std::move(problem));
      }
    }
  }
  if (!problems.empty()) throw config::InvalidConfig(std::move(problems));
  return runs;
}

}  // namespace vit
