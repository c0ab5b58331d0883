#include "vit/train/sweep.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/reference.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/files.hpp"
#include "vit/core/standard_output.hpp"
#include "vit/core/stop_signal.hpp"
#include "vit/core/text.hpp"

#include "train/run_folder.hpp"
#include "train/screen_text.hpp"
#include "train/sweep/data_check.hpp"
#include "train/sweep/report.hpp"
#include "train/sweep/stage.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

namespace vit {
namespace {

using State = Standing::State;

constexpr const char* kRecord = "sweep.yaml";  // tells that a folder is one of a sweep
constexpr const char* kAllDiverged = "every point diverged";
constexpr int64_t kMostJobs = 1024;

// What a process ended with, where it is one of ours that says more than that it failed.
ExitCode code_of(int64_t exit_code) {
  const bool is_ours = exit_code >= static_cast<int64_t>(ExitCode::kInternal) &&
                       exit_code <= static_cast<int64_t>(ExitCode::kExternal);
  return is_ours ? static_cast<ExitCode>(exit_code) : ExitCode::kExternal;
}

std::vector<SweepResult> results_of(std::vector<SweepRun> runs) {
  std::vector<SweepResult> results;
  for (SweepRun& run : runs) {
    Standing standing = standing_of(run.folder, run.config);
    results.push_back({std::move(run), std::move(standing)});
  }
  return results;
}

class Sweep {
 public:
  explicit Sweep(const SweepRequest& request)
      : request_(request),
        config_(config::read<SweepConfig>(request.document)),
        out_(request.out.empty() ? runs_root() / request.file.stem() : request.out),
        planner_(request_, config_, out_) {
    results_.file = fs::absolute(request.file).lexically_normal().string();
    results_.select = config_.select;
    results_.points = results_of(planner_.plan(grid_of(config_)));
    if (config_.select) check_finals();
  }

  ExitCode carry_out() {
    switch (request_.action) {
      case SweepRequest::Action::kList:
        choose_if_complete();
        write_out(list_text(results_.points));
        if (results_.chosen) write_out("chosen\n" + list_text(results_.finals));
        refuse_changed();
        check_data(to_do(), config_.select);
        return ExitCode::kDone;
      case SweepRequest::Action::kPrintCommands:  // the data may be elsewhere: where the runs are
        choose_if_complete();
        refuse_changed();
        print_commands(results_.points);
        print_commands(results_.finals);
        announce_finals();
        return ExitCode::kDone;
      case SweepRequest::Action::kRun:
        break;
    }
    return run();
  }

 private:
  // Whatever will be chosen: its last runs are checked before the first run starts.
  void check_finals() {
    std::string group = "-";
    for (const SweepResult& point : results_.points) {
      if (std::exchange(group, point.run.point.group) == point.run.point.group) continue;
      planner_.plan(final_points(*config_.select, point.run.point));
    }
  }

  std::vector<const SweepRun*> to_do() const {
    std::vector<const SweepRun*> runs;
    for (const auto* results : {&results_.points, &results_.finals}) {
      for (const SweepResult& result : *results)
        if (!result.standing.is_over()) runs.push_back(&result.run);
    }
    return runs;
  }

  void refuse_changed() const {
    if (request_.rerun) return;
    std::string text;
    for (const auto* results : {&results_.points, &results_.finals}) {
      for (const SweepResult& result : *results) {
        if (result.standing.state != State::kChanged) continue;
        text += "\n" + result.run.point.name;
        for (const char c : "\n" + result.standing.message)
          text += c == '\n' ? "\n  " : std::string(1, c);
      }
    }
    if (text.empty()) return;
    throw ConfigError("points of this sweep have run with another configuration:" + text +
                      "\n--rerun starts them over; --out FOLDER leaves them and starts elsewhere");
  }

  static void print_commands(const std::vector<SweepResult>& results) {
    for (const SweepResult& result : results) {
      if (result.standing.is_over()) continue;
      std::vector<std::string> words;
      for (const std::string& word : command_of(result)) words.push_back(shell_word(word));
      write_out(join(words, " ") + "\n");
    }
  }

  // What the printed commands leave out: nothing is chosen yet.
  void announce_finals() const {
    if (!config_.select || config_.select->retrain.empty() || results_.chosen) return;
    if (to_do().empty()) {
      spdlog::warn("no point has a number to choose by: {}", kAllDiverged);
      return;
    }
    const size_t count = config_.select->seeds.size();
    spdlog::info("{} final run{} once these are done: call vit-sweep --print-commands again", count,
                 count == 1 ? " follows" : "s follow");
  }

  ExitCode run() {
    choose_if_complete();
    refuse_changed();
    refuse_foreign_folder();
    check_data(to_do(), config_.select);
    const RunFolder lock(out_);
    write_atomically(out_ / kRecord, config::write(config_));
    const StopSignal signals;
    announce();
    ExitCode code = run_stage({out_, request_.jobs}, results_.points);
    if (code == ExitCode::kDone && choose_if_complete()) {
      refuse_changed();
      code = run_stage({out_, request_.jobs}, results_.finals);
    }
    write_results(out_, results_);
    if (code != ExitCode::kDone) {
      say_how_to_go_on();
      return code;
    }
    write_out(results_text(results_));
    write_out(fmt::format("  folder   {}   (sweep.csv, sweep.json)\n", out_.string()));
    report_failures();
    return ExitCode::kDone;
  }

  // Runs started by printed commands leave a folder of points without a record.
  bool holds_only_points() const {
    return std::all_of(fs::directory_iterator(out_), {}, [&](const auto& entry) {
      const std::string name = entry.path().filename().string();
      if (config_.select && name == "final") return true;
      return std::any_of(results_.points.begin(), results_.points.end(),
                         [&](const SweepResult& result) { return result.run.point.name == name; });
    });
  }

  void refuse_foreign_folder() const {
    std::error_code ignored;
    if (is_free(out_) || fs::exists(out_ / kRecord, ignored) || holds_only_points()) return;
    throw ConfigError("the folder '" + out_.string() +
                      "' is not empty and holds no sweep\nchoose another --out");
  }

  void announce() const {
    const auto count = [&](auto is_counted) {
      return std::count_if(results_.points.begin(), results_.points.end(), is_counted);
    };
    const auto over = count([](const SweepResult& r) { return r.standing.is_over(); });
    const auto started =
        count([](const SweepResult& r) { return r.standing.state == State::kStarted; });
    spdlog::info("sweep: {} points in {}, {} of them done{}, {} at a time", results_.points.size(),
                 out_.string(), over, started > 0 ? fmt::format(", {} started", started) : "",
                 request_.jobs);
  }

  // Chooses and plans the last runs once every point has come to its end.
  bool choose_if_complete() {
    if (!config_.select) return false;
    std::vector<std::string> names;
    std::vector<Standing> standings;
    for (const SweepResult& point : results_.points) {
      if (!point.standing.is_over()) return false;
      names.push_back(point.run.point.group);
      standings.push_back(point.standing);
    }
    const std::vector<SweepGroup> groups = groups_of(names);
    const auto best = best_group(groups, standings, *config_.select);
    if (!best) return false;
    results_.chosen = groups[*best].runs.front();
    results_.finals = results_of(
        planner_.plan(final_points(*config_.select, results_.points[*results_.chosen].run.point)));
    return true;
  }

  void say_how_to_go_on() const {
    size_t over = 0;
    for (const SweepResult& point : results_.points) over += point.standing.is_over() ? 1 : 0;
    std::vector<std::string> words = {"vit-sweep"};
    for (const std::string& word : request_.argv) words.push_back(shell_word(word));
    spdlog::info("stopped: {} of {} points are done\n  continue with: {}", over,
                 results_.points.size(), join(words, " "));
  }

  void report_failures() const {
    size_t failed = 0, diverged = 0, all = 0;
    std::string text;
    std::set<int64_t> codes;
    for (const auto* results : {&results_.points, &results_.finals}) {
      for (const SweepResult& result : *results) {
        ++all;
        if (result.standing.state == State::kDiverged) ++diverged;
        if (result.standing.is_over()) continue;
        ++failed;
        codes.insert(result.standing.exit_code);
        const std::string& message = result.standing.message;
        text += "\n" + result.run.point.name + ": " + message.substr(0, message.find('\n'));
      }
    }
    if (failed > 0) {
      const bool alike = failed == all && codes.size() == 1;
      const bool holds_up = config_.select && !results_.chosen;
      throw Error(
          alike ? code_of(*codes.begin()) : ExitCode::kExternal,
          fmt::format("{} of {} runs failed{}{}\nthe same command tries them again", failed, all,
                      text, holds_up ? "\nnothing is chosen before all have ended" : ""));
    }
    if (diverged == all)
      throw Diverged(kAllDiverged + std::string("\ntry lower values of schedule.lr"));
  }

  const SweepRequest& request_;
  SweepConfig config_;
  fs::path out_;
  SweepPlanner planner_;
  SweepResults results_;
};

void check(const SweepRequest& request) {
  if (request.jobs >= 1 && request.jobs <= kMostJobs) return;
  throw ConfigError(fmt::format("--jobs is the number of runs at a time, 1 to {}", kMostJobs));
}

}  // namespace

ExitCode run_sweep(const SweepRequest& request) {
  check(request);
  return Sweep(request).carry_out();
}

std::string sweep_help() { return config::help_text<SweepConfig>(); }

}  // namespace vit
