// Against scikit-learn, torchmetrics and NumPy (tests/golden/metrics.*).
#include "train/class_scores.hpp"

#include "vit/core/files.hpp"
#include "vit/runtime/tensor_file.hpp"
#include "vit/train/evaluator.hpp"

#include "support/golden.hpp"
#include "train/real_accuracy.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace vit::test {
namespace {

using Json = nlohmann::json;

std::vector<Prediction> predictions_of(const at::Tensor& logits, const at::Tensor& labels) {
  const auto [probability, predicted] = at::softmax(logits.to(at::kDouble), 1).max(1);
  std::vector<Prediction> predictions;
  for (int64_t i = 0; i < labels.numel(); ++i) {
    predictions.push_back(
        {labels[i].item<int64_t>(), predicted[i].item<int64_t>(), probability[i].item<double>()});
  }
  return predictions;
}

struct Report {
  Json facts;
  std::vector<Prediction> predictions;
};

std::vector<Report> reports() {
  const Json json = Json::parse(read_text(golden_dir() / "metrics.json"));
  const TensorFile tensors(golden_dir() / "metrics.safetensors");
  std::vector<Report> all;
  for (const Json& facts : json.at("classification")) {
    const std::string name = "report/" + facts.at("name").get<std::string>();
    all.push_back({facts, predictions_of(tensors.tensor(name + "/logits"),
                                         tensors.tensor(name + "/labels"))});
  }
  return all;
}

void expect_relative(double found, const Json& expected, const std::string& what) {
  const auto value = expected.get<double>();
  EXPECT_NEAR(found, value, 1e-6 * std::abs(value)) << what;
}

// Logits that are no numbers predict nothing, which is wrong; a picture that could not be read was
// not asked about.
TEST(ClassScores, NothingPredictedIsWrongAndNotReadIsNotThere) {
  const std::vector<Prediction> predictions = {
      {0, 0, 0.9}, {0, -1, 0}, {1, 1, 0.9}, {-1, -1, 0, /*is_read=*/false}};
  const std::vector<ClassScore> scores = score_classes(predictions);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].n, 2);
  EXPECT_EQ(scores[0].recall, 0.5);
  EXPECT_EQ(scores[0].precision, 1);
  EXPECT_TRUE(scores[0].confused_with.empty());
  EXPECT_EQ(confusion_matrix(predictions, 2), (std::vector<std::vector<int64_t>>{{1, 0}, {0, 1}}));
  const RealAccuracy real = score_real({{0}, {0}, {}, {1}}, predictions);
  EXPECT_EQ(real.n, 2);
  EXPECT_EQ(real.count, 1);
}

TEST(ClassScores, EqualScikitLearn) {
  for (const Report& report : reports()) {
    const auto scores = score_classes(report.predictions);
    ASSERT_EQ(scores.size(), report.facts["classes"].get<size_t>());  // all are predicted at least
    for (size_t i = 0; i < scores.size(); ++i) {
      EXPECT_EQ(scores[i].index, static_cast<int64_t>(i));
      EXPECT_EQ(scores[i].n, report.facts["support"][i].get<int64_t>());
      expect_relative(scores[i].precision, report.facts["precision"][i], "precision");
      expect_relative(scores[i].recall, report.facts["recall"][i], "recall");
      expect_relative(scores[i].f1, report.facts["f1"][i], "f1");
    }
    const ClassScore mean = macro_mean(scores);
    expect_relative(mean.precision, report.facts["macro"]["precision"], "macro precision");
    expect_relative(mean.recall, report.facts["macro"]["recall"], "macro recall");
    expect_relative(mean.f1, report.facts["macro"]["f1"], "macro f1");
  }
}

TEST(ClassScores, ConfusionCountsRowsByLabel) {
  for (const Report& report : reports()) {
    const auto counts = confusion_matrix(report.predictions, report.facts["classes"].get<size_t>());
    EXPECT_EQ(Json(counts), report.facts["confusion_rows_true"]);
  }
}

TEST(ClassScores, NamesTheTwoCommonestMistakes) {
  const auto scores = score_classes({{0, 1, 1}, {0, 2, 1}, {0, 2, 1}, {0, 3, 1}, {-1, 4, 1}});
  EXPECT_EQ(scores.at(0).confused_with, (std::vector<std::pair<int64_t, int64_t>>{{2, 2}, {1, 1}}));
  EXPECT_EQ(scores.size(), 4U) << "an image without a label counts nowhere";
}

TEST(CalibrationError, EqualsTheReference) {
  for (const Report& report : reports())
    expect_relative(calibration_error(report.predictions), report.facts["ece15"], "ece15");
}

TEST(CalibrationError, UpperEndsBelongToTheirBins) {
  // At 1/15 and just above it: one bin with gap |1 - 2/15| if both were in the second.
  const double edge = 1.0 / 15;
  EXPECT_NEAR(calibration_error({{0, 0, edge}, {0, 1, edge + 1e-9}}), ((1 - edge) + edge) / 2,
              1e-6);
  EXPECT_EQ(calibration_error({{-1, 0, 0.3}}), 0.0);
}

TEST(ValidClasses, OthersAreNeverPredicted) {
  const at::Tensor logits = at::tensor({3.0f, 2.0f, 1.0f, 0.0f}).view({1, 4});
  const at::Tensor valid = at::tensor({0, 0, 1, 1}, at::kLong).to(at::kBool);
  EXPECT_EQ(only_valid(logits, valid).argmax(1).item<int64_t>(), 2);
  EXPECT_TRUE(at::equal(only_valid(logits, {}), logits));
  EXPECT_EQ(count_correct(only_valid(logits, valid), at::tensor({2}, at::kLong))[0].item<int64_t>(),
            1);
}

TEST(Real, CountsImagesWithLabelsOnly) {
  const Json real = Json::parse(read_text(golden_dir() / "metrics.json")).at("real_synthetic");
  const auto right = real["real"].get<RealLabels>();
  std::vector<Prediction> predictions;
  for (const Json& predicted : real["predictions"]) predictions.push_back({0, predicted, 1});
  const RealAccuracy accuracy = score_real(right, predictions);
  EXPECT_EQ(accuracy.n, real["counted"].get<int64_t>());
  EXPECT_EQ(accuracy.count, real["correct"].get<int64_t>());
}

}  // namespace
}  // namespace vit::test
