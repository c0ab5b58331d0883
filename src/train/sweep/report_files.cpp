// sweep.csv and sweep.json.
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "train/spread.hpp"
#include "train/sweep/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string field(const std::string& text) { return csv_field(text); }
std::string field(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

class Csv {
 public:
  template <class... Fields>
  void add(const Fields&... fields) {
    (append(fields), ...);
  }
  void end_row() {
    text_ += "\n";
    is_first_ = true;
  }
  const std::string& text() const { return text_; }

 private:
  template <class Value>
  void append(const Value& value) {
    text_ += (is_first_ ? "" : ",") + field(value);
    is_first_ = false;
  }
  std::string text_;
  bool is_first_ = true;
};

void add_row(Csv& csv, const SweepResult& result, const char* stage,
             const std::vector<std::string>& probes) {
  const SweepPoint& point = result.run.point;
  const Standing& run = result.standing;
  const StoredScore none{std::nan(""), std::nan(""), std::nan(""), -1, 0, ""};
  const StoredScore best = run.best.value_or(none), last = run.last.value_or(none),
                    average = run.last_average.value_or(none);
  csv.add(point.name, std::string(stage));
  for (const auto& [axis, value] : point.values) csv.add(value);
  csv.add(point.seed ? std::to_string(*point.seed) : std::string(), state_text(run), best.top1,
          best.step < 0 ? std::string() : std::to_string(best.step), best.weights, last.top1,
          last.top5, last.loss, average.top1, average.loss, run.wall_s, result.run.folder.string(),
          run.parameters.value_or(kUnknown), run.macs.value_or(kUnknown),
          run.exaflops.value_or(kUnknown));
  for (const std::string& title : probes) {
    const StoredProbe* probe = probe_of(result, title);
    csv.add(probe != nullptr ? probe->summary.top1.mean : std::nan(""));
  }
  csv.end_row();
}

std::string csv_of(const SweepResults& results) {
  Csv csv;
  csv.add(std::string("point"), std::string("stage"));
  for (const auto& [axis, value] : results.points.at(0).run.point.values) csv.add(axis);
  for (const char* title : {"seed", "status", "best_top1", "best_step", "best_weights", "last_top1",
                            "last_top5", "last_loss", "average_top1", "average_loss", "wall_s",
                            "run", "params", "macs", "exaflops"}) {
    csv.add(std::string(title));
  }
  std::vector<SweepResult> all = results.points;
  all.insert(all.end(), results.finals.begin(), results.finals.end());
  const std::vector<std::string> probes = probe_titles(all);
  for (const std::string& title : probes) csv.add(title);
  csv.end_row();
  for (const SweepResult& point : results.points) add_row(csv, point, "point", probes);
  for (const SweepResult& point : results.finals) add_row(csv, point, "final", probes);
  return csv.text();
}

Json json_of(const std::optional<StoredScore>& score) {
  if (!score) return nullptr;
  return {{"top1", score->top1}, {"top5", score->top5}, {"loss", score->loss},
          {"step", score->step}, {"n", score->n},       {"weights", score->weights}};
}

Json json_of(const Spread& spread) {
  return {{"mean", spread.mean}, {"std", spread.std}, {"n", spread.n}};
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const StoredProbe& probe) {
  Json object = {{"probe", probe.probe},
                 {"split", probe.split},
                 {"weights", probe.weights},
                 {"step", probe.step}};
  for (const ProbeSetting& setting : probe.summary.settings)
    object[setting.name] = setting.value ? Json(*setting.value) : Json(nullptr);
  object["top1"] = json_of(probe.summary.top1);
  return object;
}

Json json_of(const SweepResult& result) {
  const SweepPoint& point = result.run.point;
  const Standing& run = result.standing;
  Json values = Json::object(), set = Json::object();
  for (const auto& [axis, value] : point.values) values[axis] = value;
  for (const Assignment& each : point.assignments) set[each.key] = each.text;
  Json probes = Json::array();
  for (const StoredProbe& probe : run.probes) probes.push_back(json_of(probe));
  return {{"point", point.name},
          {"group", point.group},
          {"values", values},
          {"seed", point.seed ? Json(*point.seed) : Json(nullptr)},
          {"set", set},
          {"run", result.run.folder.string()},
          {"state", state_text(run)},
          {"status", run.status},
          {"message", run.message},
          {"best", json_of(run.best)},
          {"last", json_of(run.last)},
          {"last_average", json_of(run.last_average)},
          {"probes", probes},
          {"wall_s", run.wall_s},
          {"params", run.parameters ? Json(std::llround(*run.parameters)) : Json(nullptr)},
          {"macs", number_or_null(run.macs)},
          {"exaflops", number_or_null(run.exaflops)}};
}

Json selection_of(const SweepResults& results) {
  if (!results.select || !results.chosen) return nullptr;
  std::vector<double> top1;
  for (const SweepResult& result : results.finals) {
    const auto& score = result.standing.final_score();
    if (result.standing.state == Standing::State::kDone && score) top1.push_back(score->top1);
  }
  const Spread test = spread_of(top1);
  Json selection = {{"chosen", results.points[*results.chosen].run.point.group},
                    {"train", results.select->train},
                    {"val", results.select->val},
                    {"retrain", results.select->retrain},
                    {"test", results.select->test},
                    {"test_top1", nullptr}};
  if (test.n > 0) selection["test_top1"] = json_of(test);
  return selection;
}

}  // namespace

void write_results(const fs::path& folder, const SweepResults& results) {
  Json object = {{"schema", 1},
                 {"sweep", results.file},
                 {"points", Json::array()},
                 {"selection", selection_of(results)},
                 {"finals", Json::array()}};
  for (const SweepResult& point : results.points) object["points"].push_back(json_of(point));
  for (const SweepResult& point : results.finals) object["finals"].push_back(json_of(point));
  write_atomically(folder / "sweep.json",
                   object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  write_atomically(folder / "sweep.csv", csv_of(results));
}

}  // namespace vit
