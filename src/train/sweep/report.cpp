#include "train/sweep/report.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include "train/observers/progress_line.hpp"
#include "train/screen_text.hpp"
#include "train/spread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

using Scores = std::optional<StoredScore>;

std::string top1(const Scores& score) { return score ? percent(score->top1) : ""; }

bool has_averages(const std::vector<SweepResult>& results) {
  for (const SweepResult& result : results)
    if (result.standing.last_average) return true;
  return false;
}

std::string run_table(const std::vector<SweepResult>& results, const std::string& title) {
  using enum Table::Align;
  std::vector<Table::Column> columns = {
      {title, kLeft},   {"best top-1", kRight}, {"at step", kRight}, {"last top-1", kRight},
      {"loss", kRight}, {"time", kRight},       {"status", kLeft}};
  const bool averaged = has_averages(results);
  if (averaged) columns.insert(columns.begin() + 4, {"averaged", kRight});
  const std::vector<std::string> probes = probe_titles(results);
  for (const std::string& title : probes) columns.insert(columns.end() - 2, {title, kRight});
  Table table(columns);
  for (const SweepResult& result : results) {
    const Standing& run = result.standing;
    const Scores& last = run.final_score();
    std::vector<std::string> cells = {
        result.run.point.name,
        top1(run.best),
        run.best ? std::to_string(run.best->step) : "",
        top1(run.last),
        last && std::isfinite(last->loss) ? loss_text(last->loss) : "",
        run.wall_s > 0 ? human_duration(run.wall_s) : "",
        state_text(run)};
    if (averaged) cells.insert(cells.begin() + 4, top1(run.last_average));
    for (const std::string& title : probes) {
      const StoredProbe* probe = probe_of(result, title);
      cells.insert(cells.end() - 2, probe != nullptr ? percent(probe->summary.top1) : "");
    }
    table.add(cells);
  }
  return table.boxed();
}

std::vector<SweepGroup> groups_in(const std::vector<SweepResult>& results) {
  std::vector<std::string> names;
  for (const SweepResult& result : results) names.push_back(result.run.point.group);
  return groups_of(names);
}

Spread spread_over(const std::vector<SweepResult>& results, const std::vector<size_t>& runs,
                   const Scores& (*score)(const Standing&)) {
  std::vector<double> values;
  for (const size_t run : runs) {
    const Standing& standing = results[run].standing;
    const Scores& found = score(standing);
    if (standing.state == Standing::State::kDone && found) values.push_back(found->top1);
  }
  return spread_of(values);
}

const Scores& last_of(const Standing& standing) { return standing.last; }
const Scores& average_of(const Standing& standing) { return standing.last_average; }
const Scores& final_of(const Standing& standing) { return standing.final_score(); }
const Scores& best_of(const Standing& standing) { return standing.best; }

std::string seed_table(const std::vector<SweepResult>& points) {
  const std::vector<SweepGroup> groups = groups_in(points);
  if (groups.size() == points.size()) return "";
  using enum Table::Align;
  std::vector<Table::Column> columns = {
      {"over the seeds", kLeft}, {"runs", kRight}, {"best top-1", kRight}, {"last top-1", kRight}};
  const bool averaged = has_averages(points);
  if (averaged) columns.push_back({"averaged", kRight});
  Table table(columns);
  for (const SweepGroup& group : groups) {
    const auto over = [&](const Scores& (*score)(const Standing&)) {
      return spread_over(points, group.runs, score);
    };
    std::vector<std::string> cells = {group.name.empty() ? "all" : group.name,
                                      fmt::format("{} of {}", over(final_of).n, group.runs.size()),
                                      percent(over(best_of)), percent(over(last_of))};
    if (averaged) cells.push_back(percent(over(average_of)));
    table.add(cells);
  }
  return table.boxed();
}

std::string selection_text(const SweepResults& results) {
  if (!results.select || !results.chosen) return "";
  const SelectConfig& select = *results.select;
  const std::string& group = results.points[*results.chosen].run.point.group;
  std::string text = fmt::format("  chosen   {}   (by {} on {})\n", group,
                                 select.metric == SweepMetric::kLoss   ? "loss"
                                 : select.metric == SweepMetric::kTop1 ? "top-1"
                                                                       : "top-5",
                                 select.val);
  if (results.finals.empty()) return text;
  text += run_table(results.finals, "trained on " + select.retrain);
  std::vector<size_t> all(results.finals.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  const Spread test = spread_over(results.finals, all, final_of);
  if (test.n > 0) {
    text += fmt::format("  test     top-1 {} on {}, {} run{}{}\n", percent(test), select.test,
                        test.n, test.n == 1 ? "" : "s",
                        has_averages(results.finals) ? ", averaged weights" : "");
  }
  return text;
}

}  // namespace

std::vector<std::string> probe_titles(const std::vector<SweepResult>& results) {
  std::vector<std::string> titles;
  for (const SweepResult& result : results) {
    for (const StoredProbe& probe : result.standing.probes) {
      const std::string title = probe.title();
      if (std::ranges::find(titles, title) == titles.end()) titles.push_back(title);
    }
  }
  return titles;
}

const StoredProbe* probe_of(const SweepResult& result, const std::string& title) {
  for (const StoredProbe& probe : result.standing.probes)
    if (probe.title() == title) return &probe;
  return nullptr;
}

std::string state_text(const Standing& standing) {
  switch (standing.state) {
    case Standing::State::kNew:
      return "to run";
    case Standing::State::kStarted:
      return "goes on";
    case Standing::State::kDone:
      return standing.status == "early_stopped" ? "stopped early" : "done";
    case Standing::State::kDiverged:
      return "diverged";
    case Standing::State::kFailed:
      return "failed";
    case Standing::State::kChanged:
      return "changed";
  }
  return "";
}

std::string list_text(const std::vector<SweepResult>& points) {
  Table table({{"point"}, {"state"}, {"last top-1", Table::Align::kRight}, {"folder"}});
  for (const SweepResult& point : points) {
    table.add({point.run.point.name, state_text(point.standing), top1(point.standing.final_score()),
               point.run.folder.string()});
  }
  return table.plain();
}

std::string results_text(const SweepResults& results) {
  return for_screen(run_table(results.points, "point") + seed_table(results.points) +
                    selection_text(results));
}

}  // namespace vit
