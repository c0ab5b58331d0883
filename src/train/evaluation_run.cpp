#include "vit/train/evaluation_run.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/data/labelled_files.hpp"
#include "vit/models/identify.hpp"
#include "vit/runtime/device.hpp"
#include "vit/runtime/tensor_file.hpp"
#include "vit/train/load_table.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/stored_model.hpp"
#include "vit/train/weights_source.hpp"

#include "class_match.hpp"
#include "evaluation_probes.hpp"
#include "evaluation_results.hpp"
#include "real_accuracy.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

namespace vit {
namespace {

// Everything an evaluation needs, opened and checked.
struct Subject {
  RunConfig config;
  WeightsSource raw;
  std::optional<WeightsSource> average;
  std::unique_ptr<Model> model;
  EvaluationConfig settings;
  std::unique_ptr<DataSource> source;
  std::unique_ptr<Dataset> dataset;
  std::string split;
  std::vector<std::string> classes;
  bool is_scored = true;  // the classes of the data are classes of the model
  at::Tensor valid;       // bool [K]: classes that may be predicted; undefined: all
  EvaluationProbes probes;
  at::Device device{at::kCPU};
};

void open_sources(const EvaluationRequest& request, Subject& subject) {
  const fs::path path = request.run.empty() ? request.weights : request.run;
  subject.raw =
      open_weights(path, request.checkpoint, WhichWeights::kRaw, layout_in(request.overrides));
  const fs::path folder = subject.raw.file.parent_path();
  if (fs::is_directory(path) && fs::exists(folder / "average.safetensors")) {
    subject.average = open_weights(folder, "", WhichWeights::kAverage);
  }
}

// The configuration of the run, or one made of what the weights say; then --data and --set.
RunConfig read_config(const EvaluationRequest& request, const WeightsSource& weights) {
  const fs::path stored = weights.file.parent_path() / "config.yaml";
  config::Document document;
  if (!request.run.empty()) {
    document =
        config::Document::from_text(read_text(stored), stored.string(), stored.parent_path());
  } else {
    StoredModel described{identify_model(weights, request.model), {}};
    described.input = weights.input ? *weights.input : input_of_preset(described.model.name());
    document = config::Document::from_text(config::write(described), weights.weights.name);
  }
  if (!request.data.empty()) {
    const std::string root = fs::absolute(request.data).lexically_normal().string();
    const std::string kind = request.labels.empty() ? recognise_data(root) : "folder";
    const std::string quoted =
        nlohmann::json(root).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    // null first: nothing of the run's own data section stays.
    document.overlay(config::Document::from_text("data: null", "--data"));
    document.overlay(
        config::Document::from_text("data: {name: " + kind + ", root: " + quoted + "}", "--data"));
  } else if (request.run.empty() && !request.overrides.contains("data")) {
    throw ConfigError("vit-eval --weights needs to know what to evaluate on\nadd --data PATH");
  }
  return read_run_config(document.overlay(request.overrides));
}

// Whether something is asked that only classes of the model can answer.
bool needs_classes(const EvaluationRequest& request) {
  const bool has_files =
      !request.predictions.empty() || !request.logits.empty() || !request.real.empty();
  return has_files || request.per_class || !asks_probes(request.settings);
}

// Gives the data the model's class numbers. Classes that are not the model's are an error, unless
// nothing that was asked needs them.
void align_classes(Subject& subject, bool must_fit) {
  ClassMatch match = match_classes(subject.source->info().classes, subject.raw.classes,
                                   subject.model->classes(), subject.settings.classes);
  if (!match.misfit.empty()) {
    if (must_fit) throw DataError(match.misfit);
    spdlog::info("no class accuracy: {}", match.misfit.substr(0, match.misfit.find('\n')));
    subject.is_scored = false;
    return;
  }
  if (!match.labels.empty())
    subject.dataset = relabelled(std::move(subject.dataset), std::move(match.labels));
  subject.classes = std::move(match.names);
}

void open_listed_files(const EvaluationRequest& request, Subject& subject) {
  if (request.data.empty()) throw ConfigError("--labels needs --data: the folder its files lie in");
  if (asks_probes(request.settings)) {
    throw ConfigError(
        "few-shot and k-NN learn from a training split, which --labels does not give\n"
        "evaluate a folder with train/ and val/ instead");
  }
  const ClassesConfig& classes = subject.settings.classes;
  if (!classes.map.empty() || classes.by == ClassesConfig::By::kIndex) {
    throw ConfigError(
        "--labels gives the numbers of the model's classes already\n"
        "leave out --label-map and classes.by");
  }
  subject.dataset = open_labelled_files(request.data, request.labels);
  subject.split = request.labels.stem().string();
  subject.classes = subject.raw.classes;
}

void open_data(const EvaluationRequest& request, Subject& subject) {
  if (!request.labels.empty()) return open_listed_files(request, subject);
  subject.source = subject.config.data.build();
  const DataCommon& common = subject.config.data.common();
  const SplitNames splits = resolve_splits(*subject.source, common.train, common.val);
  subject.split = request.split.empty() ? splits.val : request.split;
  subject.dataset = open_split(*subject.source, subject.split);
  subject.probes = open_probes(request.settings, *subject.source, *subject.dataset,
                               {splits.train, subject.split});
  align_classes(subject, needs_classes(request));
}

void check_labels(const Subject& subject) {
  if (!subject.is_scored) return;
  for (int64_t i = 0; i < subject.dataset->size(); ++i) {
    if (subject.dataset->label(i) < subject.model->classes()) continue;
    throw DataError(fmt::format("'{}' has label {}, but the model has {} classes",
                                subject.dataset->name(i), subject.dataset->label(i),
                                subject.model->classes()));
  }
}

// Classes among the labels, where only those may be predicted.
at::Tensor valid_classes(const Subject& subject) {
  if (subject.settings.classes.among == ClassesConfig::Among::kAll || !subject.is_scored) return {};
  at::Tensor valid = at::zeros({subject.model->classes()}, at::kBool);
  for (int64_t i = 0; i < subject.dataset->size(); ++i) {
    if (const int64_t label = subject.dataset->label(i); label >= 0) valid[label] = true;
  }
  return valid;
}

// Puts these weights into the model, with a word on what was not to be had as it is.
void load(const Subject& subject, const WeightsSource& weights) {
  InitConfig init = subject.config.init;
  init.head = HeadPolicy::kKeep;
  const LoadReport report = load_weights(*subject.model, weights.weights, init);
  const bool is_plain = report.matched == report.total && report.resized.empty() &&
                        report.adapted.empty() && report.unused.empty() && report.notes.empty();
  const bool is_doubtful = !report.unused.empty() || !report.notes.empty();
  if (!is_plain) {
    spdlog::log(is_doubtful ? spdlog::level::warn : spdlog::level::info, "{}\n{}",
                weights.weights.name, load_table(report));
  }
  move_to(*subject.model, subject.device);
}

Subject open_subject(const EvaluationRequest& request) {
  Subject subject;
  subject.settings = config::read<EvaluationConfig>(request.settings);
  open_sources(request, subject);
  subject.config = read_config(request, subject.raw);
  subject.device = choose_device(subject.config.device);
  set_deterministic(subject.config.run.deterministic);
  const Weights& weights = subject.raw.weights;
  const int64_t classes = classes_of(weights.tensors);
  if (classes == 0 && !asks_probes(request.settings))
    throw CheckpointError("weights '" + weights.name + "' have no classification head");
  subject.model = subject.config.model.build({.classes = classes,
                                              .channels = channels_of(weights.tensors),
                                              .allocation = Allocation::kUninitialised});
  load(subject, subject.raw);  // first of all: that it is another model explains the rest
  open_data(request, subject);
  for (auto n = static_cast<int64_t>(subject.classes.size()); n < classes; ++n)
    subject.classes.push_back(std::to_string(n));
  check_labels(subject);
  subject.valid = valid_classes(subject);
  return subject;
}

EvalPlan plan_for(const Subject& subject, const Pipeline& pipeline) {
  const RunConfig& config = subject.config;
  EvalPlan plan;
  plan.dataset = subject.dataset.get();
  plan.pipeline = &pipeline;
  plan.input = config.input;
  plan.device = subject.device;
  plan.precision = config.precision;
  plan.loader.batch =
      config.eval.batch > 0 ? config.eval.batch : std::min<int64_t>(64, config.batch.examples);
  plan.loader.threads = config.loader.threads > 0 ? config.loader.threads : available_cpus();
  plan.loader.prefetch = config.loader.prefetch;
  plan.loader.image = subject.model->input_size();
  plan.loader.channels = subject.model->channels();
  plan.loader.on_error = config.data.common().on_error;
  plan.loader.memory = subject.device.is_cuda() ? HostMemory::kPinned : HostMemory::kPageable;
  return plan;
}

// Collects one prediction per row of logits [B, K] with labels [B].
void collect(const at::Tensor& logits, const at::Tensor& labels,
             std::vector<Prediction>& predictions) {
  const at::Tensor best = logits.argmax(1);
  const at::Tensor probability =
      at::softmax(logits.to(at::kDouble), 1).gather(1, best.unsqueeze(1)).squeeze(1).contiguous();
  for (int64_t i = 0; i < logits.size(0); ++i) {
    predictions.push_back({labels.const_data_ptr<int64_t>()[i], best.const_data_ptr<int64_t>()[i],
                           probability.const_data_ptr<double>()[i]});
  }
}

// Says before the work what would fail after it.
void require_folder_of(const fs::path& file) {
  if (file.empty() || file == "-") return;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) {
    throw DataError("cannot write '" + file.string() + "': there is no folder '" + folder.string() +
                    "'");
  }
}

// With the weights that are in the model.
WeightsResult evaluate_weights(const Subject& subject, const std::string& name,
                               at::Tensor* all_logits) {
  const Pipeline pipeline({}, subject.config.input, subject.model->input_size(),
                          {subject.config.data.common().exif_orientation});
  WeightsResult result;
  result.weights = name;
  std::vector<at::Tensor> kept;
  EvalPlan plan = plan_for(subject, pipeline);
  plan.valid = subject.valid;
  plan.on_logits = [&](const at::Tensor& logits, const at::Tensor& labels) {
    collect(only_valid(logits, subject.valid), labels, result.predictions);
    if (all_logits != nullptr) kept.push_back(logits);
  };
  plan.progress = [&](int64_t done) {
    set_status_line(
        fmt::format("  {} weights: {} of {} images", name, done, grouped(subject.dataset->size())));
  };
  const bool has_probes = !subject.probes.groups.empty();
  Features features;
  if (subject.is_scored) {
    FeatureRows rows(subject.dataset->size());
    if (has_probes)
      plan.on_features = [&](const at::Tensor& x, const at::Tensor& labels) {
        rows.add(x, labels);
      };
    result.evaluation = evaluate(*subject.model, plan);
    if (has_probes) features = rows.take();
  } else {
    features = extract_features(*subject.model, plan).value();
    result.evaluation.n = (features.labels >= 0).sum().item<int64_t>();
  }
  if (has_probes)
    result.probes = ask_probes(subject.probes, *subject.model, plan, std::move(features));
  set_status_line("");
  if (result.evaluation.unreadable_count > 0) {
    spdlog::warn("{} unreadable image(s) left out:\n  {}", result.evaluation.unreadable_count,
                 join(result.evaluation.unreadable, "\n  "));
  }
  if (all_logits != nullptr) *all_logits = at::cat(kept);
  return result;
}

void write_files(const EvaluationRequest& request, const EvaluationResults& results,
                 const at::Tensor& logits) {
  if (!request.predictions.empty()) write_atomically(request.predictions, predictions_csv(results));
  if (!request.logits.empty()) {
    const nlohmann::json files = results.files;
    write_tensor_file(
        request.logits, {{"logits", logits}},
        {{"files", files.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
         {"model", results.model}});
  }
  if (!request.json.empty() && request.json != "-")
    write_atomically(request.json, results_json(results));
  if (request.run.empty()) return;
  std::string name = results.split;
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::string("/[]:% ").find(c) != std::string::npos; }, '_');
  std::error_code error;
  fs::create_directories(request.run / "eval", error);
  if (error) {
    spdlog::warn("cannot write to '{}': {}", (request.run / "eval").string(), error.message());
    return;
  }
  write_atomically(request.run / "eval" / (name + ".json"), results_json(results));
  if (!results.is_scored) return;
  write_atomically(request.run / "eval" / "per_class.csv", per_class_csv(results));
  write_atomically(request.run / "eval" / "confusion.csv", confusion_csv(results));
}

}  // namespace

void run_evaluation(const EvaluationRequest& request) {
  for (const fs::path& file : {request.json, request.predictions, request.logits})
    require_folder_of(file);
  const Subject subject = open_subject(request);
  EvaluationResults results;
  results.model = subject.config.model.name();
  results.split = subject.split;
  results.classes = subject.classes;
  results.is_scored = subject.is_scored;
  if (subject.valid.defined()) results.valid = subject.valid.sum().item<int64_t>();
  for (int64_t i = 0; i < subject.dataset->size(); ++i)
    results.files.push_back(subject.dataset->name(i));
  results.title = fmt::format(
      "{} \u00b7 {} \u00b7 {} ({} images) \u00b7 {} px \u00b7 {}", results.model,
      subject.raw.weights.name, results.split, grouped(subject.dataset->size()),
      to_string(subject.model->input_size()),
      subject.raw.input ? "preprocessing stored with the weights" : "preprocessing of the preset");

  if (results.valid) {
    results.title +=
        fmt::format(" \u00b7 among {} of {} classes", *results.valid, subject.model->classes());
  }
  RealLabels right;
  if (!request.real.empty()) right = read_real_labels(request.real, results.files);

  at::Tensor logits;
  results.weights.push_back(
      evaluate_weights(subject, "raw", request.logits.empty() ? nullptr : &logits));
  if (subject.average) {
    load(subject, *subject.average);
    results.weights.push_back(evaluate_weights(subject, "average", nullptr));
  }
  if (!request.real.empty()) {
    for (WeightsResult& result : results.weights)
      result.real = score_real(right, result.predictions);
  }

  std::FILE* people = request.json == "-" ? stderr : stdout;
  fmt::print(people, "{}", results_table(results));
  if (request.per_class) fmt::print(people, "\n{}", per_class_table(results));
  if (request.json == "-") {
    fmt::print("{}", results_json(results));
    if (std::fflush(stdout) != 0) throw DataError("cannot write the result to the standard output");
  }
  write_files(request, results, logits);
}

}  // namespace vit
