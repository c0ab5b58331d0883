#include "result_text.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include "evaluations.hpp"
#include "progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace vit {
namespace {

bool failed(const RunSummary& summary) {
  return summary.status == "failed" || summary.status == "diverged";
}
bool finished(const RunSummary& summary) {
  return summary.status == "done" || summary.status == "early_stopped";
}

std::string opening(const RunSummary& summary) {
  if (summary.status == "done") return "done in";
  const std::string place =
      summary.at.total_steps > 0
          ? fmt::format(" at step {}/{}", summary.at.step, summary.at.total_steps)
          : "";
  const char* verb = summary.status == "early_stopped" ? "stopped early"
                     : failed(summary)                 ? "ended"
                                                       : "stopped";
  return verb + place + " after";
}

std::string result_table(const RunSummary& summary) {
  const auto is_average = [](const EvalReport& report) { return report.weights == "average"; };
  const bool two_kinds = std::any_of(summary.last.begin(), summary.last.end(), is_average) ||
                         std::any_of(summary.best.begin(), summary.best.end(), is_average);
  using enum Table::Align;
  Table table({{"weights", kLeft},
               {"step", kRight},
               {"top-1", kRight},
               {"top-5", kRight},
               {"loss", kRight},
               {"checkpoint", kLeft}});
  const auto add = [&](const char* name, const EvalReport& report) {
    const std::string checkpoint = checkpoint_of(report, summary);
    table.add({two_kinds ? fmt::format("{}, {}", name, report.weights) : std::string(name),
               std::to_string(report.at.step), fmt::format("{:.2f}", 100 * report.top1()),
               fmt::format("{:.2f}", 100 * report.top5()), loss_text(report.loss),
               checkpoint.empty() ? "not kept" : checkpoint});
  };
  for (const auto& report : summary.best) add("best", report);
  for (const auto& report : summary.last) add("last", report);
  return table.boxed();
}

}  // namespace

std::string closing_line(const RunSummary& summary) {
  return fmt::format("{} {} (train {}, eval {}, checkpoints {})   status: {}, exit {}",
                     opening(summary), human_duration(summary.wall_s),
                     human_duration(summary.train_s), human_duration(summary.eval_s),
                     human_duration(summary.checkpoint_s), summary.status, summary.exit_code);
}

std::string result_text(const RunSummary& summary) {
  const bool evaluated = !summary.best.empty() || !summary.last.empty();
  const bool resumable = !summary.last_checkpoint.empty();
  if (failed(summary) && !evaluated && !resumable) return "";
  const std::string folder = shell_word(summary.run_dir.string());
  std::string text = evaluated ? result_table(summary) : "";
  text += fmt::format("  run dir   {}\n", summary.run_dir.string());
  if (failed(summary)) {
    if (resumable) text += fmt::format("  last good checkpoint: {}\n", summary.last_checkpoint);
    return text;
  }
  if (!finished(summary) && resumable) {
    text += fmt::format("  continue with: vit-train --run-dir {} --resume\n", folder);
  }
  if (finished(summary) && resumable) {
    text += fmt::format("  next      vit-eval --run {}{}\n", folder,
                        summary.has_head ? "" : " --few-shot 10");
  }
  return text;
}

}  // namespace vit
