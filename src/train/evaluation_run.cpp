#include "vit/train/evaluation_run.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/log.hpp"
#include "vit/core/text.hpp"
#include "vit/data/labelled_files.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "evaluation_results.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

namespace vit {
namespace {

// Everything an evaluation needs, opened and checked.
struct Evaluated : Subject {
  std::optional<WeightsSource> average;
  std::unique_ptr<DataSource> data;
  std::unique_ptr<Dataset> dataset;
  std::string split;
  std::vector<std::string> classes;
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

// Labels of a data set whose classes have other numbers than those of the model, matched by name.
void align_classes(Evaluated& subject, const std::vector<std::string>& own) {
  const std::vector<std::string>& known = subject.source.classes;
  const auto outputs = static_cast<size_t>(subject.model->classes());
  if (known.empty() || own == known) {
    if (own.size() > outputs) {
      throw DataError(
          fmt::format("the data have {} classes, the model tells {} apart\nevaluate on data with "
                      "its classes, or "
                      "fine-tune it first (vit-finetune)",
                      own.size(), outputs));
    }
    subject.classes = known.empty() ? own : known;
    return;
  }
  std::vector<int64_t> labels;
  for (const std::string& name : own) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      throw DataError("class '" + name + "' of the data is not among the " +
                      std::to_string(known.size()) + " classes of the model\nits classes: " +
                      join(std::span(known).first(std::min<size_t>(8, known.size())), ", ") +
                      (known.size() > 8 ? ", ..." : ""));
    }
    labels.push_back(at - known.begin());
  }
  subject.dataset = relabelled(std::move(subject.dataset), std::move(labels));
  subject.classes = known;
}

void open_data(const EvaluationRequest& request, Evaluated& subject) {
  if (!request.labels.empty()) {
    if (request.data.empty())
      throw ConfigError("--labels needs --data: the folder its files lie in");
    subject.dataset = open_labelled_files(request.data, request.labels);
    subject.split = request.labels.stem().string();
    subject.classes = subject.source.classes;
    return;
  }
  subject.data = subject.config.data.build();
  const DataCommon& common = subject.config.data.common();
  subject.split = request.split.empty()
                      ? resolve_splits(*subject.data, common.train, common.val).val
                      : request.split;
  subject.dataset = open_split(*subject.data, subject.split);
  align_classes(subject, subject.data->info().classes);
}

void check_labels(const Evaluated& subject) {
  for (int64_t i = 0; i < subject.dataset->size(); ++i) {
    if (subject.dataset->label(i) < subject.model->classes()) continue;
    throw DataError(fmt::format("'{}' has label {}, but the model has {} classes",
                                subject.dataset->name(i), subject.dataset->label(i),
                                subject.model->classes()));
  }
}

Evaluated open_evaluated(const EvaluationRequest& request) {
  WeightsSource source = open_weights(request);
  const config::Document document = read_document(request, source);
  Evaluated subject{build_subject(document, std::move(source)), {}, {}, {}, {}, {}};
  subject.average = open_average(request, subject.source.file);
  const int64_t classes = subject.model->classes();
  if (classes == 0) {
    throw CheckpointError("weights '" + subject.source.weights.name +
                          "' have no classification head");
  }
  open_data(request, subject);
  for (auto n = static_cast<int64_t>(subject.classes.size()); n < classes; ++n)
    subject.classes.push_back(std::to_string(n));
  check_labels(subject);
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
    predictions.push_back({labels.const_data_ptr<int64_t>()[i], best.const_data_ptr<int64_t>()[i],
                           probability.const_data_ptr<double>()[i]});
  }
}

// Lists of right classes by image number; images are found by the number in their name
// (ILSVRC2012_val_00000293).
RealAccuracy score_real(const fs::path& file, const std::vector<std::string>& names,
                        const std::vector<Prediction>& predictions) {
  const auto labels = nlohmann::json::parse(read_text(file), nullptr, /*allow_exceptions=*/false);
  if (!labels.is_array())
    throw DataError("ReaL labels '" + file.string() + "' are not a JSON list of lists");
  RealAccuracy accuracy;
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t at = names[i].rfind("_val_");
    const int64_t number = at == std::string::npos ? 0 : std::atoll(names[i].c_str() + at + 5);
    if (number < 1 || number > static_cast<int64_t>(labels.size())) {
      throw DataError(
          "'" + names[i] + "' has no entry in '" + file.string() +
          "'\nReaL labels go with ImageNet's validation images, named ILSVRC2012_val_<number>");
    }
    const auto& right = labels[static_cast<size_t>(number - 1)];
    if (!right.is_array() || right.empty()) continue;
    ++accuracy.n;
    accuracy.count +=
        std::find(right.begin(), right.end(), predictions[i].predicted) != right.end();
  }
  return accuracy;
}

WeightsResult evaluate_weights(Evaluated& subject, const WeightsSource& weights,
                               const std::string& name, at::Tensor* all_logits) {
  load_into(subject, weights.weights);
  const Pipeline pipeline = viewing_pipeline(subject);
  WeightsResult result;
  result.weights = name;
  std::vector<at::Tensor> kept;
  EvalPlan plan = plan_for(subject, pipeline);
  plan.on_logits = [&](const at::Tensor& logits, const at::Tensor& labels) {
    collect(logits, labels, result.predictions);
    if (all_logits != nullptr) kept.push_back(logits);
  };
  const int64_t total = subject.dataset->size();
  plan.progress = [&](int64_t done) {
    set_status_line(fmt::format("  {} weights: {} of {} images", name, done, total));
  };
  result.evaluation = evaluate(*subject.model, plan);
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
  write_atomically(request.run / "eval" / "per_class.csv", per_class_csv(results));
  write_atomically(request.run / "eval" / "confusion.csv", confusion_csv(results));
}

}  // namespace

void run_evaluation(const EvaluationRequest& request) {
  for (const fs::path& file : {request.json, request.predictions, request.logits})
    require_folder_of(file);
  Evaluated subject = open_evaluated(request);
  EvaluationResults results;
  results.model = subject.config.model.name();
  results.split = subject.split;
  results.classes = subject.classes;
  for (int64_t i = 0; i < subject.dataset->size(); ++i)
    results.files.push_back(subject.dataset->name(i));
  results.title = title_of(
      subject, fmt::format("{} ({} images)", results.split, grouped(subject.dataset->size())));

  at::Tensor logits;
  results.weights.push_back(
      evaluate_weights(subject, subject.source, "raw", request.logits.empty() ? nullptr : &logits));
  if (subject.average)
    results.weights.push_back(evaluate_weights(subject, *subject.average, "average", nullptr));
  if (!request.real.empty()) {
    for (WeightsResult& result : results.weights)
      result.real = score_real(request.real, results.files, result.predictions);
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
