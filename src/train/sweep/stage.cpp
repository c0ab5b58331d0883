#include "train/sweep/stage.hpp"

#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/data/loader.hpp"

#include "train/run_folder.hpp"
#include "train/sweep/job_queue.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace vit {
namespace {

using State = Standing::State;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

size_t size_of(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  return absent ? 0 : size;
}

// The error a process ended with: the last one in what it printed, after `start`.
std::string error_in(const fs::path& log, size_t start) {
  constexpr std::string_view kMark = "error: ";
  const std::string text = size_of(log) > start ? read_text(log).substr(start) : "";
  const size_t place = text.rfind(kMark);
  return place == std::string::npos ? "" : first_line(text.substr(place + kMark.size()));
}

// Runs what is to run of some points, and keeps their standings up to date.
class Stage {
 public:
  Stage(const StageOptions& options, std::vector<SweepResult>& results)
      : options_(options), results_(results) {
    for (size_t i = 0; i < results_.size(); ++i) {
      if (!results_[i].standing.is_over()) to_run_.push_back(i);
    }
  }

  ExitCode run() {
    std::vector<ChildCommand> commands;
    for (const size_t i : to_run_) {
      fs::create_directories(log_of(i).parent_path());
      commands.push_back({command_of(results_[i]), environment(), log_of(i)});
      log_starts_.push_back(size_of(log_of(i)));
    }
    JobQueue queue(
        std::move(commands), options_.jobs,
        {[this](size_t job) { return may_start(job); }, [this](size_t job) { started(job); },
         [this](size_t job, const ChildEnd& end) { ended(job, end); },
         [this](std::span<const size_t> running) { show(running); }});
    const ExitCode code = queue.run();
    set_status_line("");
    return code;
  }

 private:
  fs::path log_of(size_t result) const {
    return options_.out / "logs" / (results_[result].run.point.name + ".log");
  }

  // Each gets its share of the processors, unless the user has shared them out.
  std::map<std::string, std::string> environment() const {
    if (options_.jobs == 1 || std::getenv("OMP_NUM_THREADS") != nullptr) return {};
    const int64_t threads = std::max<int64_t>(1, available_cpus() / options_.jobs);
    return {{"OMP_NUM_THREADS", std::to_string(threads)}};
  }

  // A run whose sweep was killed a moment ago may still be saving.
  bool may_start(size_t job) {
    const SweepRun& run = results_[to_run_[job]].run;
    if (!is_in_use(run.folder)) return true;
    if (waits_for_.insert(run.point.name).second)
      spdlog::warn("sweep: '{}' is in use by another process; waiting", run.folder.string());
    return false;
  }

  void started(size_t job) {
    const SweepResult& result = results_[to_run_[job]];
    spdlog::debug("sweep: {} {}", result.standing.state == State::kStarted ? "resumes" : "starts",
                  result.run.point.name);
  }

  void ended(size_t job, const ChildEnd& end) {
    SweepResult& result = results_[to_run_[job]];
    Standing& standing = result.standing;
    standing = standing_of(result.run.folder, result.run.config);
    if (stop_of(end) == ExitCode::kDone && !standing.is_over()) {
      standing.state = State::kFailed;
      standing.exit_code = end.exit_code;
      const std::string error = error_in(log_of(to_run_[job]), log_starts_[job]);
      standing.message = error.empty() ? to_string(end) : error;
    }
    ++ended_;
    tell(result, end);
  }

  void tell(const SweepResult& result, const ChildEnd& end) const {
    const Standing& run = result.standing;
    const std::string& name = result.run.point.name;
    const auto& score = run.final_score();
    const std::string place = fmt::format("sweep: {}/{}", ended_, to_run_.size());
    if (run.state == State::kFailed) {
      spdlog::warn("{} {} failed ({}): {}\n  {}", place, name, to_string(end), run.message,
                   log_of(static_cast<size_t>(&result - results_.data())).string());
    } else if (run.state == State::kDiverged) {
      spdlog::warn("{} {} diverged: {}", place, name, first_line(run.message));
    } else if (run.is_over() && score) {
      spdlog::info("{} {}  top-1 {:.2f}  loss {:.3f}  {}", place, name, 100 * score->top1,
                   score->loss, human_duration(run.wall_s));
    } else {
      spdlog::info("{} {} {}", place, name, run.is_over() ? "done" : "stopped, has saved");
    }
  }

  void show(std::span<const size_t> running) const {
    std::string text = fmt::format("  sweep {}/{}", ended_, to_run_.size());
    for (const size_t job : running) {
      const SweepRun& run = results_[to_run_[job]].run;
      text += "  " + run.point.name;
      const auto progress = progress_of(run.folder);
      if (progress && progress->total_steps > 0)
        text += fmt::format(" {}%", 100 * progress->step / progress->total_steps);
    }
    const auto columns = static_cast<size_t>(std::max(terminal_columns() - 1, 1));
    set_status_line(text.substr(0, columns));
  }

  const StageOptions& options_;
  std::vector<SweepResult>& results_;
  std::vector<size_t> to_run_;      // places in results_
  std::vector<size_t> log_starts_;  // before this stage
  size_t ended_ = 0;
  std::set<std::string> waits_for_;  // of which was told
};

}  // namespace

std::vector<std::string> command_of(const SweepResult& result) {
  std::vector<std::string> words = result.run.words;
  if (result.standing.state == State::kChanged) {
    words.push_back("--overwrite");
  } else {
    words.insert(words.end(), {"--resume", "auto"});
  }
  return words;
}

ExitCode run_stage(const StageOptions& options, std::vector<SweepResult>& results) {
  return Stage(options, results).run();
}

}  // namespace vit
