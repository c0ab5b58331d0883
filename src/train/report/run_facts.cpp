#include "run_facts.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/train/run_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace vit {
namespace {

using Json = nlohmann::json;

Json parse(const std::string& text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::optional<double> number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<Score> score(const Json& summary, const char* key) {
  const auto found = summary.find(key);
  if (found == summary.end() || !found->is_object()) return std::nullopt;
  const auto top1 = number(*found, "top1");
  if (!top1) return std::nullopt;
  return Score{*top1, static_cast<int64_t>(number(*found, "n").value_or(0)),
               static_cast<int64_t>(number(*found, "step").value_or(0)), text(*found, "weights")};
}

void read_summary(const fs::path& file, RunFacts& run) {
  if (!fs::exists(file)) {
    run.status = "running or killed";
    return;
  }
  const Json summary = parse(read_text(file));
  if (!summary.is_object()) throw DataError("'" + file.string() + "' is not a run's summary");
  run.status = text(summary, "status");
  run.parameters = number(summary, "params");
  run.macs = number(summary, "macs");
  run.exaflops = number(summary, "exaflops");
  run.device_hours = number(summary, "device_hours");
  run.examples = static_cast<int64_t>(number(summary, "examples").value_or(0));
  run.best = score(summary, "best");
  run.last = score(summary, "last");
  run.last_average = score(summary, "last_average");
}

// A resumed run repeats the steps since its checkpoint: the last row of each (kind, step, weights)
// counts. A line cut off by a crash is left out.
void read_metrics(const fs::path& file, RunFacts& run) {
  if (!fs::exists(file)) return;
  std::map<std::string, std::map<double, double>> by_name;
  std::istringstream lines(read_text(file));
  for (std::string row; std::getline(lines, row);) {
    const Json line = parse(row);
    if (!line.is_object()) continue;
    const std::string kind = text(line, "kind");
    const auto epoch = number(line, "epoch");
    if (!epoch || (kind != "train" && kind != "eval")) continue;
    std::string prefix = "train/";
    if (kind == "eval")
      prefix = text(line, "split") + (text(line, "weights") == "average" ? "_average/" : "/");
    for (const char* key :
         {"loss", "lr", "grad_norm", "images_per_s", "data_wait", "top1", "top5"}) {
      if (const auto value = number(line, key)) by_name[prefix + key][*epoch] = *value;
    }
  }
  for (const auto& [name, points] : by_name) run.curves[name] = Curve(points.begin(), points.end());
}

void read_settings(const fs::path& file, RunFacts& run) {
  const config::Document document =
      config::Document::from_text(read_text(file), file.string(), file.parent_path());
  const RunConfig config = read_run_config(document);
  run.model = config.model.name();
  run.data = config.data.name();
  for (const config::Leaf& leaf : config::leaves(config))
    run.settings.emplace_back(leaf.key, leaf.text);
}

// The fields of one line; quoted ones may hold commas and doubled quotes, as vit-eval writes them.
std::vector<std::string> csv_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (is_quoted && i + 1 < line.size() && line[i + 1] == '"')
        fields.back() += line[i++];
      else
        is_quoted = !is_quoted;
    } else if (line[i] == ',' && !is_quoted) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::optional<Confusion> read_confusion(const fs::path& file) {
  if (!fs::exists(file)) return std::nullopt;
  const DataError broken("'" + file.string() +
                         "' is not a confusion matrix\nvit-eval --run writes it anew");
  std::istringstream lines(read_text(file));
  std::string row;
  if (!std::getline(lines, row)) throw broken;
  Confusion confusion;
  confusion.classes = csv_fields(row);
  confusion.classes.erase(confusion.classes.begin());
  while (std::getline(lines, row)) {
    const std::vector<std::string> fields = csv_fields(row);
    if (fields.size() != confusion.classes.size() + 1) throw broken;
    std::vector<int64_t> counts(confusion.classes.size());
    for (size_t i = 0; i < counts.size(); ++i) {
      const std::string& field = fields[i + 1];
      const auto end = field.data() + field.size();
      if (std::from_chars(field.data(), end, counts[i]).ptr != end) throw broken;
    }
    confusion.counts.push_back(std::move(counts));
  }
  if (confusion.counts.size() != confusion.classes.size()) throw broken;
  return confusion;
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".png") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

bool is_run(const fs::path& folder) {
  return fs::exists(folder / "config.yaml") && fs::exists(folder / "metrics.jsonl");
}

RunFacts read_run(const fs::path& folder) {
  RunFacts run;
  run.folder = folder;
  run.name = fs::weakly_canonical(folder).filename().string();
  read_settings(folder / "config.yaml", run);
  read_summary(folder / "summary.json", run);
  read_metrics(folder / "metrics.jsonl", run);
  run.confusion = read_confusion(folder / "eval" / "confusion.csv");
  run.pictures = pictures_in(folder / "samples");
  return run;
}

}  // namespace vit
