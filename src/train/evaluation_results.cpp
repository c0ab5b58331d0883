#include "evaluation_results.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

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

std::string percent(double fraction) { return fmt::format("{:.2f}", 100 * fraction); }

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

struct ClassScore {
  size_t index = 0;
  int64_t n = 0;
  double precision = 0, recall = 0, f1 = 0;
  std::string confused_with;  // the two commonest wrong predictions
};

ClassScore score_class(const std::vector<std::vector<int64_t>>& counts, size_t own,
                       const EvaluationResults& results) {
  ClassScore score;
  score.index = own;
  int64_t predicted = 0;
  std::vector<std::pair<int64_t, size_t>> wrong;
  for (size_t other = 0; other < counts.size(); ++other) {
    score.n += counts[own][other];
    predicted += counts[other][own];
    if (other != own && counts[own][other] > 0) wrong.emplace_back(-counts[own][other], other);
  }
  score.precision = ratio(counts[own][own], predicted);
  score.recall = ratio(counts[own][own], score.n);
  const double sum = score.precision + score.recall;
  score.f1 = sum > 0 ? 2 * score.precision * score.recall / sum : 0.0;
  std::sort(wrong.begin(), wrong.end());
  for (size_t i = 0; i < std::min<size_t>(2, wrong.size()); ++i) {
    if (i > 0) score.confused_with += ", ";
    score.confused_with +=
        fmt::format("{} {}", class_name(results, wrong[i].second), -wrong[i].first);
  }
  return score;
}

// Classes that occur among the labels.
std::vector<ClassScore> score_classes(const EvaluationResults& results) {
  const auto counts = confusion_matrix(results);
  std::vector<ClassScore> scores;
  for (size_t own = 0; own < counts.size(); ++own) {
    ClassScore score = score_class(counts, own, results);
    if (score.n > 0) scores.push_back(std::move(score));
  }
  return scores;
}

Json describe(const WeightsResult& result) {
  const Evaluation& found = result.evaluation;
  Json json = {{"n", found.n},
               {"top1", ratio(found.top1_count, found.n)},
               {"top5", ratio(found.top5_count, found.n)},
               {"top1_count", found.top1_count},
               {"top5_count", found.top5_count},
               {"loss", found.loss},
               {"images_per_s", images_per_second(found)}};
  if (result.real) {
    json["real"] = {{"n", result.real->n},
                    {"count", result.real->count},
                    {"top1", ratio(result.real->count, result.real->n)}};
  }
  return json;
}

}  // namespace

std::vector<std::vector<int64_t>> confusion_matrix(const EvaluationResults& results) {
  const size_t classes = results.classes.size();
  std::vector<std::vector<int64_t>> counts(classes, std::vector<int64_t>(classes, 0));
  for (const Prediction& prediction : results.weights.front().predictions) {
    if (prediction.label < 0) continue;
    ++counts[static_cast<size_t>(prediction.label)][static_cast<size_t>(prediction.predicted)];
  }
  return counts;
}

std::string results_table(const EvaluationResults& results) {
  const bool real = results.weights.front().real.has_value();
  using Align = Table::Align;
  std::vector<Table::Column> columns = {{"weights", Align::kLeft},  {"top-1 %", Align::kRight},
                                        {"top-5 %", Align::kRight}, {"loss", Align::kRight},
                                        {"right", Align::kRight},   {"images/s", Align::kRight}};
  if (real) columns.push_back({"ReaL %", Align::kRight});
  Table table(columns);
  for (const WeightsResult& result : results.weights) {
    const Evaluation& found = result.evaluation;
    std::vector<std::string> cells = {result.weights,
                                      with_deviation(found.top1_count, found.n),
                                      percent(ratio(found.top5_count, found.n)),
                                      fmt::format("{:.4f}", found.loss),
                                      fmt::format("{} of {}", found.top1_count, found.n),
                                      fmt::format("{:.0f}", images_per_second(found))};
    if (real) {
      cells.push_back(fmt::format("{} ({} of {})",
                                  percent(ratio(result.real->count, result.real->n)),
                                  result.real->count, result.real->n));
    }
    table.add(std::move(cells));
  }
  return "  " + results.title + "\n" + table.boxed();
}

std::string per_class_table(const EvaluationResults& results) {
  using Align = Table::Align;
  Table table({{"class", Align::kLeft},
               {"n", Align::kRight},
               {"prec", Align::kRight},
               {"recall", Align::kRight},
               {"F1", Align::kRight},
               {"most confused with", Align::kLeft}});
  double precision = 0, recall = 0, f1 = 0;
  const std::vector<ClassScore> scores = score_classes(results);
  for (const ClassScore& score : scores) {
    table.add({class_name(results, score.index), std::to_string(score.n), percent(score.precision),
               percent(score.recall), percent(score.f1), score.confused_with});
    precision += score.precision;
    recall += score.recall;
    f1 += score.f1;
  }
  const double n = std::max<double>(1, static_cast<double>(scores.size()));
  table.add({"macro mean", "", percent(precision / n), percent(recall / n), percent(f1 / n), ""});
  return table.plain();
}

std::string results_json(const EvaluationResults& results) {
  Json json = {{"model", results.model}, {"split", results.split}};
  json.update(describe(results.weights.front()));
  if (results.weights.size() > 1) json["average"] = describe(results.weights[1]);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string predictions_csv(const EvaluationResults& results) {
  std::string text = "file,label,prediction,class,probability\n";
  const std::vector<Prediction>& predictions = results.weights.front().predictions;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const Prediction& found = predictions[i];
    text += fmt::format("{},{},{},{},{:.6f}\n", csv_field(results.files[i]),
                        found.label < 0 ? "" : std::to_string(found.label), found.predicted,
                        csv_field(class_name(results, static_cast<size_t>(found.predicted))),
                        found.probability);
  }
  return text;
}

std::string per_class_csv(const EvaluationResults& results) {
  std::string text = "class,name,n,precision,recall,f1\n";
  for (const ClassScore& score : score_classes(results)) {
    text += fmt::format("{},{},{},{:.6f},{:.6f},{:.6f}\n", score.index,
                        csv_field(class_name(results, score.index)), score.n, score.precision,
                        score.recall, score.f1);
  }
  return text;
}

std::string confusion_csv(const EvaluationResults& results) {
  std::string text = "label\\prediction";
  for (size_t i = 0; i < results.classes.size(); ++i)
    text += fmt::format(",{}", csv_field(class_name(results, i)));
  text += "\n";
  const auto counts = confusion_matrix(results);
  for (size_t i = 0; i < counts.size(); ++i) {
    text += csv_field(class_name(results, i));
    for (const int64_t count : counts[i]) text += fmt::format(",{}", count);
    text += "\n";
  }
  return text;
}

}  // namespace vit
