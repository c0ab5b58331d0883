#include "vit/train/evaluation_run.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/last_part.hpp"
#include "vit/core/log.hpp"
#include "vit/core/standard_output.hpp"
#include "vit/core/text.hpp"
#include "vit/data/labelled_files.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "class_match.hpp"
#include "evaluation_probes.hpp"
#include "evaluation_results.hpp"
#include "real_accuracy.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace vit {
namespace {

// Everything an evaluation needs, opened and checked.
struct Evaluated : Subject {
  std::optional<WeightsSource> average;
  EvaluationConfig settings;
  std::unique_ptr<DataSource> data;
  std::unique_ptr<Dataset> dataset;
  std::string split;
  std::vector<std::string> classes;
  bool is_scored = true;  // the classes of the data are classes of the model
  at::Tensor valid;       // bool [K]: classes that may be predicted; undefined: all
  EvaluationProbes probes;
};

// Averaged weights beside the raw ones, where a folder is named that has them.
std::optional<WeightsSource> open_average(const EvaluationRequest& request, const fs::path& raw) {
  const fs::path path = request.run.empty() ? request.weights : request.run;
  const fs::path folder = raw.parent_path();
  if (!fs::is_directory(path) || !fs::exists(folder / "average.safetensors")) return std::nullopt;
  return open_weights(folder, "", WhichWeights::kAverage);
}

// The configuration of the run, or one made of what the weights say; then --data and --set.
config::Document read_document(const EvaluationRequest& request, const WeightsSource& weights) {
  config::Document document = document_of(request, weights);
  if (!request.data.empty()) {
    document.overlay(data_document(
        request.data, request.labels.empty() ? recognise_data(request.data.string()) : "folder"));
  } else if (request.run.empty() && !request.overrides.contains("data")) {
    throw ConfigError("vit-eval --weights needs to know what to evaluate on\nadd --data PATH");
  }
  return document.overlay(request.overrides);
}

// Whether something is asked that only classes of the model can answer.
bool needs_classes(const EvaluationRequest& request) {
  const bool has_files =
      !request.predictions.empty() || !request.logits.empty() || !request.real.empty();
  return has_files || request.per_class || !asks_probes(request.settings);
}

// Gives the data the model's class numbers. Classes that are not the model's are an error, unless
// nothing that was asked needs them.
void align_classes(Evaluated& subject, bool must_fit) {
  ClassMatch match = match_classes(subject.data->info().classes, subject.source.classes,
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

void open_listed_files(const EvaluationRequest& request, Evaluated& subject) {
  if (!request.split.empty())
    throw ConfigError("--labels lists the images itself\nleave out --split");
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
  subject.classes = subject.source.classes;
}

void open_data(const EvaluationRequest& request, Evaluated& subject) {
  if (!request.labels.empty()) return open_listed_files(request, subject);
  subject.data = subject.config.data.build();
  const DataCommon& common = subject.config.data.common();
  const SplitNames splits = resolve_splits(*subject.data, common.train, common.val);
  subject.split = request.split.empty() ? splits.val : request.split;
  subject.dataset = open_split(*subject.data, subject.split);
  subject.probes = open_probes(request.settings, *subject.data, *subject.dataset,
                               {splits.train, subject.split}, subject.config.data.common());
  align_classes(subject, needs_classes(request));
}

void check_labels(const Evaluated& subject) {
  if (!subject.is_scored) return;
  for (int64_t i = 0; i < subject.dataset->size(); ++i) {
    if (subject.dataset->label(i) < subject.model->classes()) continue;
    throw DataError(fmt::format("'{}' has label {}, but the model has {} classes",
                                subject.dataset->name(i), subject.dataset->label(i),
                                subject.model->classes()));
  }
}

// Classes among the labels, where only those may be predicted.
at::Tensor valid_classes(const Evaluated& subject) {
  if (subject.settings.classes.among == ClassesConfig::Among::kAll || !subject.is_scored) return {};
  at::Tensor valid = at::zeros({subject.model->classes()}, at::kBool);
  for (int64_t i = 0; i < subject.dataset->size(); ++i) {
    if (const int64_t label = subject.dataset->label(i); label >= 0) valid[label] = true;
  }
  return valid;
}

Evaluated open_evaluated(const EvaluationRequest& request) {
  const auto settings = config::read<EvaluationConfig>(request.settings);
  WeightsSource source = open_weights(request);
  const config::Document document = read_document(request, source);
  Evaluated subject{
      build_subject(document, std::move(source)), {}, settings, {}, {}, {}, {}, true, {}, {}};
  subject.average = open_average(request, subject.source.file);
  const int64_t classes = subject.model->classes();
  if (classes == 0 && !asks_probes(request.settings)) {
    throw CheckpointError("weights '" + subject.source.weights.name +
                          "' have no classification head\n--few-shot and --knn ask their features; "
                          "vit-finetune gives them a head");
  }
  load_into(subject, subject.source.weights);  // first: that it is another model explains the rest
  open_data(request, subject);
  for (auto n = static_cast<int64_t>(subject.classes.size()); n < classes; ++n)
    subject.classes.push_back(std::to_string(n));
  check_labels(subject);
  subject.valid = valid_classes(subject);
  return subject;
}

EvalPlan plan_for(const Evaluated& subject, const Pipeline& pipeline) {
  const RunConfig& config = subject.config;
  EvalPlan plan;
  plan.dataset = subject.dataset.get();
  plan.pipeline = &pipeline;
  plan.input = config.input;
  plan.device = subject.device;
  plan.precision = config.precision;
  plan.loader =
      loader_options(subject, config.eval.batch > 0 ? config.eval.batch
                                                    : std::min<int64_t>(64, config.batch.examples));
  plan.loader.on_error = config.data.common().on_error;
  return plan;
}

// Collects one prediction per row of logits [B, K] with labels [B].
void collect(const at::Tensor& logits, const at::Tensor& labels,
             std::vector<Prediction>& predictions) {
  const at::Tensor best = logits.argmax(1);
  const at::Tensor probability =
      at::softmax(logits.to(at::kDouble), 1).gather(1, best.unsqueeze(1)).squeeze(1).contiguous();
  for (int64_t i = 0; i < logits.size(0); ++i) {
    const int64_t label = labels.const_data_ptr<int64_t>()[i];
    Prediction found{std::max<int64_t>(label, -1), best.const_data_ptr<int64_t>()[i],
                     probability.const_data_ptr<double>()[i], label != kUnreadable};
    if (!found.is_read || std::isnan(found.probability)) {
      found.predicted = -1;
      found.probability = 0;
    }
    predictions.push_back(found);
  }
}

void warn_of_no_numbers(const std::string& weights, const std::vector<Prediction>& predictions) {
  const auto count = std::ranges::count_if(
      predictions, [](const Prediction& found) { return found.is_read && found.predicted < 0; });
  if (count == 0) return;
  spdlog::warn("{} weights: the logits of {} images are not all numbers; they count as wrong",
               weights, grouped(count));
}

// With the weights that are in the model.
WeightsResult evaluate_weights(const Evaluated& subject, const std::string& name,
                               at::Tensor* all_logits) {
  const Pipeline pipeline = viewing_pipeline(subject);
  WeightsResult result;
  result.weights = name;
  std::vector<at::Tensor> kept;
  EvalPlan plan = plan_for(subject, pipeline);
  plan.valid = subject.valid;
  plan.on_logits = [&](const at::Tensor& logits, const at::Tensor& labels) {
    collect(only_valid(logits, subject.valid), labels, result.predictions);
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    if (all_logits != nullptr)
      kept.push_back(logits.masked_fill((labels == kUnreadable).unsqueeze(1), kNone));
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
  warn_of_no_numbers(name, result.predictions);
  if (all_logits != nullptr) *all_logits = at::cat(kept);
  return result;
}

// The files of a run's own data lie in eval/, those of other data in a folder there.
void keep_in_run(const EvaluationRequest& request, const EvaluationResults& results) {
  fs::path folder = request.run / "eval";
  if (!request.data.empty()) folder /= last_part(request.data);
  std::string name = results.split;
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::string("/[]:% ").find(c) != std::string::npos; }, '_');
  try {  // nobody asked for them
    fs::create_directories(folder);
    write_atomically(folder / (name + ".json"), results_json(results));
    if (!results.is_scored) return;
    write_atomically(folder / (name + "_per_class.csv"), per_class_csv(results));
    write_atomically(folder / (name + "_confusion.csv"), confusion_csv(results));
  } catch (const std::exception& error) {
    const std::string text = error.what();
    spdlog::warn("nothing kept in the run: {}", text.substr(0, text.find('\n')));
  }
}

void write_logits(const EvaluationRequest& request, const EvaluationResults& results,
                  const at::Tensor& logits) {
  const nlohmann::json files = results.files;
  try {
    write_tensor_file(
        request.logits, {{"logits", logits}},
        {{"files", files.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
         {"model", results.model}});
  } catch (const CheckpointError& error) {  // a result, here
    throw DataError(error.what());
  }
}

void write_files(const EvaluationRequest& request, const EvaluationResults& results,
                 const at::Tensor& logits) {
  if (!request.predictions.empty()) write_atomically(request.predictions, predictions_csv(results));
  if (!request.logits.empty()) write_logits(request, results, logits);
  if (!request.json.empty() && request.json != "-")
    write_atomically(request.json, results_json(results));
  if (!request.run.empty()) keep_in_run(request, results);
}

}  // namespace

void run_evaluation(const EvaluationRequest& request) {
  for (const fs::path& file : {request.json, request.predictions, request.logits})
    require_folder_of(file);
  const Evaluated subject = open_evaluated(request);
  EvaluationResults results;
  results.model = subject.config.model.name();
  results.split = subject.split;
  results.classes = subject.classes;
  results.is_scored = subject.is_scored;
  if (subject.valid.defined()) results.valid = subject.valid.sum().item<int64_t>();
  for (int64_t i = 0; i < subject.dataset->size(); ++i)
    results.files.push_back(subject.dataset->name(i));
  results.title = title_of(
      subject, fmt::format("{} ({} images)", results.split, grouped(subject.dataset->size())));
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
    load_into(subject, subject.average->weights);
    results.weights.push_back(evaluate_weights(subject, "average", nullptr));
  }
  if (!request.real.empty()) {
    for (WeightsResult& result : results.weights)
      result.real = score_real(right, result.predictions);
  }

  write_files(request, results, logits);
  std::string text = results_table(results);
  if (request.per_class) text += "\n" + per_class_table(results);
  if (request.json == "-") {  // then the table is for people who look on
    std::fputs(text.c_str(), stderr);
    text = results_json(results);
  }
  write_out(text);
}

}  // namespace vit
