#include "vit/train/vtab.hpp"

#include "vit/core/files.hpp"
#include "vit/core/last_part.hpp"
#include "vit/core/standard_output.hpp"
#include "vit/core/stop_signal.hpp"
#include "vit/core/text.hpp"
#include "vit/train/finetune_layer.hpp"

#include "../repeats.hpp"
#include "../run_folder.hpp"
#include "results.hpp"
#include "suite.hpp"
#include "task_data.hpp"
#include "task_run.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

namespace vit {
namespace {

using Select = VtabRequest::Select;

// A task of which there are data.
struct Work {
  SuiteTask task;
  TaskData data;
  TaskSizes sizes;
  TaskResult* result = nullptr;
};

void check_seeds(const std::vector<int64_t>& seeds) {
  if (std::ranges::any_of(seeds, [](int64_t seed) { return seed < 0; })) {
    throw ConfigError("--seeds takes numbers that are not negative, as 0,1,2");
  }
  if (has_repeats(seeds)) {
    throw ConfigError("--seeds names a seed twice\nthe runs would be the same");
  }
}

// Keys that are not the user's to set, for they are decided for each task.
void refuse_decided_keys(const VtabRequest& request) {
  const auto refuse = [&](const char* key, const char* advice) {
    if (!request.own.contains(key)) return;
    throw ConfigError(
        fmt::format("{}: {} is decided for each task\n{}", request.own.origin(key), key, advice));
  };
  for (const char* key : {"data.name", "data.root", "data.train", "data.val", "data.fraction",
                          "data.count", "data.exclude"}) {
    refuse(key, "--suite FILE names another list of tasks and splits");
  }
  if (!request.seeds.empty()) refuse("seed", "leave it out, or --seeds");
  if (request.select == Select::kNone) return;
  for (const char* key : {"schedule.lr", "steps"}) refuse(key, "leave it out, or --select");
}

fs::path default_folder(const VtabRequest& request) {
  return runs_root() / fmt::format("{}_{}", fs::path(request.suite).stem().string(),
                                   fs::path(last_part(request.weights)).stem().string());
}

// What the weights say, and the suite's recipe above it.
config::Document base_document(const VtabRequest& request, const Suite& suite) {
  config::Document document = config::Document::from_text(
      finetune_layer(fs::weakly_canonical(request.weights), request.model, "", request.own),
      "--weights");
  return document.overlay(config::Document::from_file(suite.recipe, request.configs));
}

class SuiteRun {
 public:
  SuiteRun(const VtabRequest& request, Suite suite)
      : request_(request),
        suite_(std::move(suite)),
        out_(request.out.empty() ? default_folder(request) : request.out),
        base_(base_document(request, suite_)) {
    results_.title = suite_.title;
    results_.weights = request.weights.string();
    for (const SuiteTask& task : suite_.tasks) {
      TaskResult& result = results_.tasks.emplace_back();
      result.task = task.task;
      result.group = task.group;
      result.classes = task.classes;
      result.why_missing = "not asked for";
    }
    find_data();
    check_configurations();
    keep_earlier_results();
  }

  void print_check() const {
    for (const TaskResult& task : results_.tasks) {
      const auto work = std::find_if(work_.begin(), work_.end(),
                                     [&](const Work& one) { return one.task.task == task.task; });
      if (work == work_.end()) {
        write_out(fmt::format("{:24} missing: {}\n", task.task, task.why_missing));
        continue;
      }
      write_out(fmt::format("{:24} {:8}  train {} + {} \u00b7 test {} \u00b7 {} classes   {}\n",
                            task.task, work->data.kind, work->sizes.train, work->sizes.val,
                            work->sizes.test, task.classes, task.data));
    }
  }

  ExitCode run() {
    const StopSignal signals;  // of all runs: one that comes between two of them counts
    ExitCode code = ExitCode::kDone;
    try {
      const std::vector<std::vector<TaskRun>> runs = final_runs(choose_settings());
      for (size_t i = 0; i < work_.size(); ++i) {
        spdlog::info("task {} of {}: '{}'", i + 1, work_.size(), work_[i].task.task);
        if (!run_finally(work_[i], runs[i])) code = ExitCode::kDiverged;
      }
    } catch (const Stopped& stopped) {
      spdlog::warn("stopped; the same command goes on");
      code = stopped.code;
    }
    write();
    write_out(suite_table(results_));
    return code;
  }

 private:
  // ---- before the first run

  void find_data() {
    std::error_code unknown;
    if (!fs::is_directory(request_.data, unknown)) {
      throw DataError(
          fmt::format("data folder '{}' does not exist\n--data names the folder that "
                      "holds the folders of the tasks",
                      request_.data.string()));
    }
    for (const SuiteTask& task : choose_tasks(suite_, request_.tasks)) add_work(task);
    if (!work_.empty()) return;
    std::string text;
    for (const TaskResult& task : results_.tasks) {
      text += fmt::format("\n{}: {}", task.task, task.why_missing);
    }
    throw DataError(fmt::format("'{}' holds the data of no task of {}{}", request_.data.string(),
                                suite_.title, text));
  }

  void add_work(const SuiteTask& task) {
    const fs::path root = fs::absolute(request_.data).lexically_normal();
    TaskResult& result =
        *std::find_if(results_.tasks.begin(), results_.tasks.end(),
                      [&](const TaskResult& known) { return known.task == task.task; });
    const std::optional<TaskData> data = find_task_data(task, root);
    if (data) {
      spdlog::info("task '{}': looking at '{}'", task.task, data->root.string());
      const TaskSizes sizes = check_task_data(suite_, task, *data);
      result.why_missing = "not run yet";
      result.data = data->root.string();
      result.trained = sizes.train + sizes.val;
      work_.push_back({task, *data, sizes, &result});
      return;
    }
    const std::string places = places_looked_at(task);
    if (!request_.tasks.empty()) {  // it was asked for by name
      throw DataError(fmt::format("there are no data of task '{}' in '{}'\nlooked for  {}",
                                  task.task, root.string(), places));
    }
    result.why_missing = "no data: looked for " + places;
    spdlog::warn("task '{}' is missing: there is no {}", task.task, places);
  }

  // A mistake in the configuration or a folder of another run shows now.
  void check_configurations() {
    for (const Work& work : work_) {
      if (request_.select == Select::kNone) {
        note(final_runs_of(work, {}).front().config);
        continue;
      }
      for (const Setting& setting : grid()) note(trial_run(work, setting).config);
    }
  }
  void note(const RunConfig& config) {
    results_.model = config.model.name();
    seeds_ = request_.seeds.empty() ? std::vector{config.seed} : request_.seeds;
  }

  // What the folder has of these weights and seeds stays in its results, whatever is run now.
  void keep_earlier_results() {
    std::error_code absent;
    if (!fs::is_regular_file(out_ / "results.json", absent)) return;
    for (TaskResult& earlier : tasks_in(read_text(out_ / "results.json"), results_)) {
      const auto task = std::ranges::find(results_.tasks, earlier.task, &TaskResult::task);
      if (task == results_.tasks.end() || !is_as_said(earlier)) continue;
      if (task->data.empty()) {  // not looked at now
        task->data = earlier.data;
        task->trained = earlier.trained;
      }
      task->runs = std::move(earlier.runs);
      task->setting = earlier.setting;
      task->why_missing.clear();
    }
  }

  // The runs are there, with the seeds that are asked for.
  bool is_as_said(TaskResult& task) const {
    for (FinalRun& run : task.runs) {
      run.folder = (out_ / task.task / fs::path(run.folder).filename()).string();
      const std::optional<Accuracy> accuracy = accuracy_in(run.folder);
      if (!accuracy || accuracy->count != run.test.count || accuracy->n != run.test.n) return false;
    }
    return std::ranges::equal(task.runs, seeds_, {}, &FinalRun::seed);
  }

  // ---- runs

  // One for each seed.
  std::vector<TaskRun> final_runs_of(const Work& work,
                                     const std::optional<Setting>& setting) const {
    RunPlan plan{
        out_ / work.task.task / "final", work.data.both(), work.data.test, setting, {}, true};
    if (request_.seeds.empty()) return {run_of(work, plan)};
    std::vector<TaskRun> runs;
    for (const int64_t seed : request_.seeds) {
      plan.folder.replace_filename(fmt::format("final-seed-{}", seed));
      plan.seed = seed;
      runs.push_back(run_of(work, plan));
    }
    return runs;
  }
  // Those of all tasks, before the first of them starts: each may find its folder taken.
  std::vector<std::vector<TaskRun>> final_runs(
      const std::vector<std::optional<Setting>>& settings) const {
    std::vector<std::vector<TaskRun>> runs;
    for (size_t i = 0; i < work_.size(); ++i) {
      runs.push_back(final_runs_of(work_[i], settings[i]));
    }
    return runs;
  }
  TaskRun trial_run(const Work& work, const Setting& setting) const {
    std::string name = fmt::format("select-lr{:g}-{}", setting.lr, to_string(setting.steps));
    std::replace(name.begin(), name.end(), ' ', '-');
    return run_of(
        work, {out_ / work.task.task / name, work.data.train, work.data.val, setting, {}, false});
  }
  TaskRun run_of(const Work& work, const RunPlan& plan) const {
    config::Document document = base_;
    document.overlay(config::Document::from_text(work.data.section, "the suite's data"));
    document.overlay(request_.own);
    return make_run(std::move(document), work.task, plan);
  }

  // False when one of them diverged.
  bool run_finally(const Work& work, const std::vector<TaskRun>& runs) {
    TaskResult& result = *work.result;
    std::vector<FinalRun> done;
    for (const TaskRun& run : runs) {
      try {
        done.push_back({run.config.seed, carry_out(run, request_.argv), run.folder.string()});
      } catch (const Diverged& error) {
        const std::string text = error.what();
        spdlog::error("task '{}': {}", work.task.task, text);
        result.why_missing = text.substr(0, text.find('\n'));
        return false;
      }
    }
    const RunConfig& config = runs.front().config;
    result.setting.lr = config.schedule.common().lr;
    result.setting.steps = to_string(config.steps);
    result.runs = std::move(done);
    result.why_missing.clear();
    write();
    return true;
  }

  void write() const {
    std::error_code ignored;  // of which writing will tell
    fs::create_directories(out_, ignored);
    write_atomically(out_ / "results.json", suite_json(results_));
    write_atomically(out_ / "results.csv", suite_csv(results_));
  }

  // ---- the choice

  std::vector<Setting> grid() const {
    std::vector<Setting> settings;
    for (const Duration& steps : suite_.select.steps) {
      for (const double lr : suite_.select.lr) settings.push_back({lr, steps});
    }
    return settings;
  }

  // The setting of each task; of equals the first.
  std::vector<std::optional<Setting>> choose_settings() {
    std::vector<std::optional<Setting>> chosen(work_.size());
    if (request_.select == Select::kNone) return chosen;
    const std::vector<Setting> settings = grid();
    std::vector<std::vector<double>> scores(work_.size());  // of each task: of each setting
    std::vector<double> sums(settings.size(), 0);
    for (size_t i = 0; i < work_.size(); ++i) {
      for (size_t s = 0; s < settings.size(); ++s) {
        scores[i].push_back(try_out(work_[i], settings[s]));
        sums[s] += scores[i].back();
      }
    }
    for (size_t i = 0; i < work_.size(); ++i) {
      const std::vector<double>& by = request_.select == Select::kSuite ? sums : scores[i];
      const auto best = static_cast<size_t>(std::max_element(by.begin(), by.end()) - by.begin());
      chosen[i] = settings[best];
      work_[i].result->setting.val = scores[i][best];
    }
    return chosen;
  }

  // The accuracy on the validation examples; a setting that diverges is right about none.
  double try_out(const Work& work, const Setting& setting) const {
    spdlog::info("task '{}': trying lr {:g}, {}", work.task.task, setting.lr,
                 to_string(setting.steps));
    try {
      return carry_out(trial_run(work, setting), request_.argv).top1();
    } catch (const Diverged& error) {
      spdlog::warn("{}", error.what());
      return 0;
    }
  }

  const VtabRequest& request_;
  Suite suite_;
  fs::path out_;
  config::Document base_;
  SuiteResults results_;
  std::vector<int64_t> seeds_;  // of the final runs
  std::vector<Work> work_;      // points into the results
};

}  // namespace

ExitCode run_vtab(const VtabRequest& request) {
  check_seeds(request.seeds);
  refuse_decided_keys(request);
  SuiteRun suite(request, read_suite(request.suite, request.suites));
  if (!request.check) return suite.run();
  suite.print_check();
  return ExitCode::kDone;
}

}  // namespace vit
