#include "run_facts.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/train/run_config.hpp"

#include "train/json_fields.hpp"
#include "train/stored_config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <string_view>

namespace vit {
namespace {

constexpr const char* kNotEnded = "running or killed";

// A score without a top-1 has nothing to show.
void leave_out_if_empty(std::optional<StoredScore>& score) {
  if (score && std::isnan(score->top1)) score.reset();
}

void read_summary(const fs::path& folder, RunFacts& run) {
  const std::optional<StoredSummary> summary = stored_summary(folder);
  if (!summary) {
    const fs::path file = folder / "summary.json";
    if (fs::exists(file)) throw DataError("'" + file.string() + "' is not a run's summary");
    run.status = kNotEnded;
    return;
  }
  static_cast<StoredSummary&>(run) = *summary;
  run.epochs = run.epoch.value_or(0);
  leave_out_if_empty(run.best);
  leave_out_if_empty(run.last);
  leave_out_if_empty(run.last_average);
}

// What masked patches or the like count as right is no top-1 of images.
void leave_out_scores(RunFacts& run) {
  run.best = run.last = run.last_average = std::nullopt;
  std::erase_if(run.curves, [](const auto& curve) {
    return curve.first.ends_with("/top1") || curve.first.ends_with("/top5");
  });
}

// What summary.json would say of the evaluation `line` if the run ended here.
void note_score(const nlohmann::json& line, RunFacts& run) {
  const auto top1 = number_at(line, "top1");
  if (!top1) return;
  StoredScore score;
  score.top1 = *top1;
  score.step = integer_at(line, "step");
  score.n = integer_at(line, "n");
  score.weights = text_at(line, "weights");
  (score.weights == "average" ? run.last_average : run.last) = score;
  if (!run.best || score.top1 > run.best->top1) run.best = score;
}

// The model's size, which runs that failed early have here only.
void note_header(const nlohmann::json& line, RunFacts& run) {
  if (!run.parameters) run.parameters = number_at(line, "params");
  if (!run.macs) run.macs = number_at(line, "macs");
}

// A resumed run repeats the steps since its checkpoint: the last row of each (kind, step, weights)
// counts. A line cut off by a crash is left out.
void read_metrics(const fs::path& file, RunFacts& run) {
  if (!fs::exists(file)) return;
  std::map<std::string, std::map<double, double>> by_name;
  std::istringstream lines(read_text(file));
  for (std::string row; std::getline(lines, row);) {
    const nlohmann::json line = parse_json(row);
    if (!line.is_object()) continue;
    const std::string kind = text_at(line, "kind");
    if (kind == "header") note_header(line, run);
    const auto epoch = number_at(line, "epoch");
    if (!epoch || (kind != "train" && kind != "eval")) continue;
    if (const auto examples = number_at(line, "examples"); examples && *epoch > 0)
      run.training_images = std::llround(*examples / *epoch);
    if (kind == "eval" && run.status == kNotEnded) note_score(line, run);
    run.epochs = std::max(run.epochs, *epoch);
    std::string prefix = "train/";
    if (kind == "eval")
      prefix = text_at(line, "split") + (text_at(line, "weights") == "average" ? "_average/" : "/");
    for (const char* key :
         {"loss", "lr", "grad_norm", "images_per_s", "data_wait", "top1", "top5"}) {
      if (const auto value = number_at(line, key)) by_name[prefix + key][*epoch] = *value;
    }
  }
  for (const auto& [name, points] : by_name) run.curves[name] = Curve(points.begin(), points.end());
}

// The run that `weights`, a file or folder, belongs to: nothing when it is gone, or no run's.
std::optional<fs::path> run_of(const fs::path& weights) {
  constexpr int kDepth = 4;  // run/checkpoints/step-00000100/model.safetensors
  std::error_code ignored;
  fs::path path = fs::weakly_canonical(weights, ignored);
  for (int i = 0; i < kDepth && path.has_relative_path(); ++i, path = path.parent_path())
    if (is_run(path)) return path;
  return std::nullopt;
}

// "step-00000100" in `path`: 100; nothing where there is no such part.
std::optional<double> step_in(const fs::path& path) {
  constexpr std::string_view kPrefix = "step-";
  for (const fs::path& part : path) {
    const std::string name = part.filename().string();
    int64_t step = 0;
    if (!name.starts_with(kPrefix)) continue;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data() + kPrefix.size(), end, step).ptr == end)
      return static_cast<double>(step);
  }
  return std::nullopt;
}

// The part of its `steps` that run `source` had made when `weights`, the run or a checkpoint of it,
// were saved; 1 where that is not known.
double share_of(const fs::path& weights, const fs::path& source,
                const std::optional<double>& steps) {
  std::error_code ignored;
  fs::path checkpoint = fs::weakly_canonical(weights, ignored);
  if (checkpoint == source) {  // stands for its best checkpoint, else its last
    const fs::path links = source / "checkpoints";
    const char* name = fs::exists(links / "best") ? "best" : "last";
    checkpoint = fs::weakly_canonical(links / name, ignored);
  }
  const std::optional<double> step = step_in(checkpoint.lexically_relative(source));
  return step && steps && *steps > *step ? *step / *steps : 1;
}

// What `run` cost and, as its weights came from another run, that one and so on.
void add_up_compute(const RunConfig& config, RunFacts& run) {
  constexpr int kMost = 16;  // more are a circle
  if (!run.exaflops) {
    run.unknown_cost = "no exaFLOPs in summary.json";
    return;
  }
  double sum = *run.exaflops;
  fs::path weights = config.init.weights;
  for (int i = 0; !weights.empty(); ++i) {
    const std::optional<fs::path> source = i < kMost ? run_of(weights) : std::nullopt;
    const auto summary = source ? stored_summary(*source) : std::nullopt;
    if (!summary || !summary->exaflops) {
      run.unknown_cost = "the cost of its weights " + weights.string() + " is not known";
      return;
    }
    sum += *summary->exaflops * share_of(weights, *source, summary->step);
    weights = read_run_config(stored_document(*source)).init.weights;
  }
  run.exaflops_in_all = sum;
}

// Of how much of the data set is used, not of which.
bool is_amount_of_data(const std::string& key) {
  const std::string last = key.substr(key.rfind('.') + 1);
  return key.starts_with("data.") &&
         (last == "train" || last == "fraction" || last == "count" || last == "subset_seed");
}

void read_settings(const RunConfig& config, RunFacts& run) {
  run.model = config.model.name();
  run.data = config.data.name();
  for (const config::Leaf& leaf : config::leaves(config)) {
    run.settings.emplace_back(leaf.key, leaf.text);
    // What may change when a run goes on makes it no other one.
    if (!leaf.resumable && leaf.key != "seed" && !is_amount_of_data(leaf.key))
      run.recipe.emplace_back(leaf.key, leaf.text);
  }
}

constexpr std::string_view kConfusion = "_confusion.csv";

Confusion read_confusion(const fs::path& file) {
  const DataError broken("'" + file.string() +
                         "' is not a confusion matrix\nvit-eval --run writes it anew");
  const auto fields_of = [&](const std::string& row) {
    std::optional<std::vector<std::string>> fields = csv_fields(row);
    if (!fields) throw broken;
    return *std::move(fields);
  };
  std::istringstream lines(read_text(file));
  std::string row;
  if (!std::getline(lines, row)) throw broken;
  Confusion confusion;
  confusion.split = file.filename().string();
  confusion.split.resize(confusion.split.size() - kConfusion.size());
  confusion.classes = fields_of(row);
  confusion.classes.erase(confusion.classes.begin());
  while (std::getline(lines, row)) {
    const std::vector<std::string> fields = fields_of(row);
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

std::vector<fs::path> files_in(const fs::path& folder, const std::string& ending) {
  std::vector<fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

bool is_run(const fs::path& folder) {
  return fs::exists(folder / "config.yaml") && fs::exists(folder / "metrics.jsonl");
}

RunFacts read_run(const fs::path& folder, const std::string& name) {
  RunFacts run;
  run.folder = folder;
  run.name = name;
  const RunConfig config = read_run_config(stored_document(folder));
  read_settings(config, run);
  read_summary(folder, run);
  read_metrics(folder / "metrics.jsonl", run);
  if (config.objective.name() != "classification") leave_out_scores(run);
  if (run.best) run.probes = stored_probes(folder, run.best->step);
  add_up_compute(config, run);
  for (const fs::path& file : files_in(folder / "eval", std::string(kConfusion)))
    run.confusions.push_back(read_confusion(file));
  run.pictures = files_in(folder / "samples", ".png");
  return run;
}

}  // namespace vit
