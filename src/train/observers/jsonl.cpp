// metrics.jsonl: the record of a run for programs. One flat object a line, fractions instead of
// percent, null for what is not finite (named in "nonfinite"). A resumed run appends; readers keep
// the last row of each (kind, step, split, weights), of a probe also by its settings.
#include "vit/train/observer.hpp"

#include "append_file.hpp"
#include "evaluations.hpp"
#include "json_number.hpp"
#include "wall_clock.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace vit {
namespace {

using Line = nlohmann::ordered_json;

Line line_of(const char* kind) { return Line{{"kind", kind}}; }

bool is_json_object(std::string_view text) {
  const auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_object();
}

class JsonlObserver final : public Observer {
 public:
  explicit JsonlObserver(const std::filesystem::path& path) : file_(path) {
    file_.repair_last_line(is_json_object);
  }

  void run_started(const RunInfo& info) override {
    Line line = line_of("header");
    line["schema"] = 1;
    line["run"] = info.run_name;
    line["time"] = utc_time();
    line["params"] = info.parameters;
    line["macs"] = info.cost.macs;
    line["total_steps"] = info.at.total_steps;
    line["resumed_from"] = info.resumed_from.empty() ? Line(nullptr) : Line(info.resumed_from);
    write(line);
  }

  void stepped(const TrainReport& report) override {
    Line line = line_of("train");
    line["step"] = report.at.step;
    put_number(line, "epoch", report.at.epoch());
    line["examples"] = report.at.examples;
    line["time"] = unix_time();
    put_number(line, "loss", report.loss);
    put_number(line, "lr", report.lr);
    put_number(line, "grad_norm", report.grad_norm);
    put_number(line, "images_per_s", report.images_per_s);
    put_number(line, "step_ms", report.step_ms);
    put_number(line, "data_wait", report.data_wait);
    put_number(line, "mem_gib", report.memory_gib);
    write(line);
  }

  void evaluated(const EvalReport& report) override {
    Line line = line_of("eval");
    line["step"] = report.at.step;
    put_number(line, "epoch", report.at.epoch());
    line["split"] = report.split;
    line["weights"] = report.weights;
    put_number(line, "loss", report.loss);
    line["top1"] = report.top1();
    line["top5"] = report.top5();
    line["top1_count"] = report.top1_count;
    line["top5_count"] = report.top5_count;
    line["n"] = report.n;
    put_number(line, "seconds", report.seconds);
    write(line);
  }

  void probed(const ProbeReport& report) override {
    for (const ProbeResult& result : report.answer.results) {
      Line line = line_of("probe");
      line["step"] = report.at.step;
      put_number(line, "epoch", report.at.epoch());
      line["split"] = report.split;
      line["weights"] = report.weights;
      line["probe"] = report.answer.probe;
      for (const ProbeSetting& setting : result.settings)
        line[setting.name] = setting_number(setting.value);
      line["top1"] = result.top1();
      line["count"] = result.count;
      line["n"] = result.n;
      write(line);
    }
  }

  void saved(const SaveReport& report) override {
    Line line = line_of("checkpoint");
    line["step"] = report.at.step;
    line["path"] = report.path;
    put_number(line, "seconds", report.seconds);
    line["best"] = report.best;
    write(line);
  }

  void event(const EventReport& report) override {
    Line line = line_of("event");
    line["step"] = report.at.step;
    line["level"] = report.level;
    line["code"] = report.code;
    line["msg"] = report.text;
    write(line);
  }

  void run_finished(const RunSummary& summary) override {
    const EvalReport* best = best_of(summary.best);
    Line line = line_of("end");
    line["step"] = summary.at.step;
    line["status"] = summary.status;
    line["best_top1"] = best == nullptr ? Line(nullptr) : Line(best->top1());
    line["best_step"] = best == nullptr ? Line(nullptr) : Line(best->at.step);
    put_number(line, "wall_s", summary.wall_s);
    line["exit"] = summary.exit_code;
    write(line);
  }

 private:
  void write(const Line& line) { file_.append(one_line(line) + "\n"); }

  AppendFile file_;
};

}  // namespace

std::unique_ptr<Observer> jsonl_observer(const std::filesystem::path& path) {
  return std::make_unique<JsonlObserver>(path);
}

}  // namespace vit
