#include "evaluation_results.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include "observers/json_number.hpp"
#include "probes/summary.hpp"
#include "spread.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

// "81.24 +- 0.39": one standard deviation of a binomial count.
std::string with_deviation(int64_t count, int64_t n) {
  const double p = ratio(count, n);
  return fmt::format("{:.2f} \u00b1 {:.2f}", 100 * p,
                     n > 0 ? 100 * std::sqrt(p * (1 - p) / static_cast<double>(n)) : 0.0);
}

double images_per_second(const Evaluation& evaluation) {
  return evaluation.seconds > 0 ? static_cast<double>(evaluation.images) / evaluation.seconds : 0.0;
}

std::string class_name(const EvaluationResults& results, size_t index) {
  return index < results.classes.size() ? results.classes[index] : std::to_string(index);
}

std::string confused_with(const ClassScore& score, const EvaluationResults& results) {
  std::string text;
  for (const auto& [other, count] : score.confused_with) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        class_name(results, static_cast<size_t>(other)), count);
  }
  return text;
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json describe(const ProbeAnswer& answer) {
  Json list = Json::array();
  for (const ProbeResult& result : answer.results) {
    Json entry;
    for (const ProbeSetting& setting : result.settings)
      entry[setting.name] = setting_number(setting.value);
    entry["n"] = result.n;
    entry["count"] = result.count;
    entry["top1"] = result.top1();
    list.push_back(std::move(entry));
  }
  return list;
}

Json describe(const WeightsResult& result) {
  const Evaluation& found = result.evaluation;
  const ClassScore macro = macro_mean(score_classes(result.predictions));
  const auto if_any = [&](double value) { return found.n > 0 ? number_or_null(value) : nullptr; };
  Json json = {{"n", found.n},
               {"top1", if_any(ratio(found.top1_count, found.n))},
               {"top5", if_any(ratio(found.top5_count, found.n))},
               {"top1_count", found.top1_count},
               {"top5_count", found.top5_count},
               {"loss", if_any(found.loss)},
               {"images_per_s", images_per_second(found)},
               {"ece", if_any(calibration_error(result.predictions))},
               {"macro",
                {{"precision", if_any(macro.precision)},
                 {"recall", if_any(macro.recall)},
                 {"f1", if_any(macro.f1)}}}};
  if (result.real) {
    json["real"] = {{"n", result.real->n},
                    {"count", result.real->count},
                    {"top1", result.real->n > 0 ? Json(ratio(result.real->count, result.real->n))
                                                : Json(nullptr)}};
  }
  return json;
}

// Where the classes are not those of the model, what would be said of them is null.
Json describe(const WeightsResult& result, bool is_scored) {
  Json json = describe(result);
  if (!is_scored) {
    for (auto& item : json.items()) {
      if (item.key() != "n") item.value() = nullptr;
    }
  }
  for (const ProbeAnswer& answer : result.probes) json[answer.probe] = describe(answer);
  return json;
}

std::string probes_text(const EvaluationResults& results) {
  std::vector<std::pair<std::string, std::vector<ProbeAnswer>>> answers;
  for (const WeightsResult& result : results.weights)
    answers.emplace_back(result.weights, result.probes);
  return probe_tables(answers);
}

}  // namespace

std::string results_table(const EvaluationResults& results) {
  if (!results.is_scored) return "  " + results.title + "\n" + probes_text(results);
  const bool real = results.weights.front().real.has_value();
  using Align = Table::Align;
  std::vector<Table::Column> columns = {{"weights", Align::kLeft},  {"top-1 %", Align::kRight},
                                        {"top-5 %", Align::kRight}, {"loss", Align::kRight},
                                        {"ECE %", Align::kRight},   {"right", Align::kRight},
                                        {"images/s", Align::kRight}};
  if (real) columns.push_back({"ReaL %", Align::kRight});
  Table table(columns);
  for (const WeightsResult& result : results.weights) {
    const Evaluation& found = result.evaluation;
    std::vector<std::string> cells = {result.weights,
                                      with_deviation(found.top1_count, found.n),
                                      percent(ratio(found.top5_count, found.n)),
                                      fmt::format("{:.4f}", found.loss),
                                      percent(calibration_error(result.predictions)),
                                      fmt::format("{} of {}", found.top1_count, found.n),
                                      fmt::format("{:.0f}", images_per_second(found))};
    if (real) {
      cells.push_back(fmt::format("{} ({} of {})",
                                  percent(ratio(result.real->count, result.real->n)),
                                  result.real->count, result.real->n));
    }
    table.add(std::move(cells));
  }
  return "  " + results.title + "\n" + table.boxed() + probes_text(results);
}

std::string per_class_table(const EvaluationResults& results) {
  using Align = Table::Align;
  Table table({{"class", Align::kLeft},
               {"n", Align::kRight},
               {"prec", Align::kRight},
               {"recall", Align::kRight},
               {"F1", Align::kRight},
               {"most confused with", Align::kLeft}});
  const std::vector<ClassScore> scores = score_classes(results.weights.front().predictions);
  int64_t without_images = 0;
  for (const ClassScore& score : scores) {
    if (score.n == 0) {
      ++without_images;
      continue;
    }
    table.add({class_name(results, static_cast<size_t>(score.index)), std::to_string(score.n),
               percent(score.precision), percent(score.recall), percent(score.f1),
               confused_with(score, results)});
  }
  const ClassScore mean = macro_mean(scores);
  table.add(
      {"macro mean", "", percent(mean.precision), percent(mean.recall), percent(mean.f1), ""});
  std::string text = table.plain();
  if (without_images > 0) {
    text += fmt::format(
        "  the mean counts {} more class{} that {} predicted but {} no image here, with 0\n",
        without_images, without_images == 1 ? "" : "es", without_images == 1 ? "was" : "were",
        without_images == 1 ? "has" : "have");
  }
  return text;
}

std::string results_json(const EvaluationResults& results) {
  Json json = {{"model", results.model}, {"split", results.split}};
  if (results.valid) json["valid_classes"] = *results.valid;
  json.update(describe(results.weights.front(), results.is_scored));
  if (results.weights.size() > 1) json["average"] = describe(results.weights[1], results.is_scored);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string predictions_csv(const EvaluationResults& results) {
  std::string text = "file,label,prediction,class,probability\n";
  const std::vector<Prediction>& predictions = results.weights.front().predictions;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const Prediction& found = predictions[i];
    const std::string start = fmt::format("{},{},", csv_field(results.files[i]),
                                          found.label < 0 ? "" : std::to_string(found.label));
    if (found.predicted < 0) {
      text += start + ",,\n";
      continue;
    }
    text += fmt::format("{}{},{},{:.6f}\n", start, found.predicted,
                        csv_field(class_name(results, static_cast<size_t>(found.predicted))),
                        found.probability);
  }
  return text;
}

std::string per_class_csv(const EvaluationResults& results) {
  std::string text = "class,name,n,precision,recall,f1\n";
  for (const ClassScore& score : score_classes(results.weights.front().predictions)) {
    if (score.n == 0) continue;
    text += fmt::format("{},{},{},{:.6f},{:.6f},{:.6f}\n", score.index,
                        csv_field(class_name(results, static_cast<size_t>(score.index))), score.n,
                        score.precision, score.recall, score.f1);
  }
  return text;
}

std::string confusion_csv(const EvaluationResults& results) {
  std::string text = "label\\prediction";
  for (size_t i = 0; i < results.classes.size(); ++i)
    text += fmt::format(",{}", csv_field(class_name(results, i)));
  text += "\n";
  const auto counts = confusion_matrix(results.weights.front().predictions, results.classes.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    text += csv_field(class_name(results, i));
    for (const int64_t count : counts[i]) text += fmt::format(",{}", count);
    text += "\n";
  }
  return text;
}

}  // namespace vit
