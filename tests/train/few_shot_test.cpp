// The few-shot probe against big_vision's fewshot_lsr: the same examples, weights and accuracies
// (tests/golden/fewshot.*).
#include "train/probes/few_shot.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/runtime/tensor_file.hpp"
#include "vit/train/probe.hpp"

#include "support/golden.hpp"
#include "train/probe_support.hpp"
#include "train/probes/ridge.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

namespace vit::test {
namespace {

using Json = nlohmann::json;

std::vector<int64_t> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kLong).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

struct Case {
  Json facts;
  at::Tensor train_x, train_y, test_x, test_y, index, weights;
  int64_t classes = 0;
  std::string name;
};

std::vector<Case> golden_cases() {
  const TensorFile file(golden_dir() / "fewshot.safetensors");
  std::vector<Case> cases;
  const Json json = Json::parse(read_text(golden_dir() / "fewshot.json"));
  for (const Json& facts : json.at("results")) {
    const std::string data = facts["case"].get<std::string>() + "/";
    const std::string run = data + "seed" + facts["seed"].dump() + "/shots" + facts["shots"].dump();
    Case c;
    c.facts = facts;
    c.name = run;
    c.train_x = file.tensor(data + "train_x");
    c.train_y = file.tensor(data + "train_y");
    c.test_x = file.tensor(data + "test_x");
    c.test_y = file.tensor(data + "test_y");
    c.index = file.tensor(run + "/index");
    c.weights = file.tensor(run + "/w_f64");
    c.classes = c.weights.size(1);
    cases.push_back(std::move(c));
  }
  return cases;
}

double accuracy(const Case& c, const RidgeClassifier& fit, double l2) {
  return (fit.predict(c.test_x, l2) == c.test_y).to(at::kDouble).mean().item<double>();
}

RidgeClassifier fit(const Case& c) {
  return {c.train_x.index_select(0, c.index), c.train_y.index_select(0, c.index), c.classes};
}

TEST(FewShotExamples, AreThoseOfThePublicCode) {
  const std::vector<Case> cases = golden_cases();
  EXPECT_EQ(cases.size(), 36U);
  for (const Case& c : cases) {
    const ClassOrder order =
        shuffled(grouped_by_class(numbers(c.train_y), c.classes), c.facts["seed"].get<uint64_t>());
    EXPECT_EQ(first_of_each(order, c.facts["shots"].get<int64_t>()), numbers(c.index)) << c.name;
  }
}

TEST(FewShotExamples, LabelsOutsideTheClassesAreLeftOut) {
  EXPECT_EQ(grouped_by_class({-1, 0, 2, 1, 0, 5}, 3), (ClassOrder{{1, 4}, {3}, {2}}));
}

TEST(Ridge, WeightsAreThoseOfThePublicCode) {
  std::set<bool> primal;  // both forms are among the cases
  for (const Case& c : golden_cases()) {
    const at::Tensor weights = fit(c).weights(1024);
    EXPECT_LT((weights - c.weights).abs().max().item<double>(), 1e-4) << c.name;
    primal.insert(c.index.numel() >= c.weights.size(0));
  }
  EXPECT_EQ(primal.size(), 2U);
}

TEST(Ridge, AccuraciesAreThoseOfThePublicCode) {
  for (const Case& c : golden_cases()) {
    const double one = 1.0 / static_cast<double>(c.test_y.numel());
    // A score that nearly ties may fall either way.
    const double allowed = c.facts["smallest_margin"].get<double>() < 1e-4 ? 1.5 * one : 0.5 * one;
    EXPECT_NEAR(accuracy(c, fit(c), 1024), c.facts["accuracy_l2_1024_float64"].get<double>(),
                allowed)
        << c.name;
  }
}

// The public code sweeps in float32, whose smallest eigenvalues are noise: that tells where the
// penalty is no larger than they are.
TEST(Ridge, OneFitServesTheWholeSweep) {
  for (const Case& c : golden_cases()) {
    const RidgeClassifier classifier = fit(c);
    for (const auto& [power, expected] : c.facts["sweep_log2_to_accuracy"].items()) {
      const double l2 = std::exp2(std::stod(power));
      EXPECT_NEAR(accuracy(c, classifier, l2), expected.get<double>(), l2 >= 1 ? 0.011 : 0.05)
          << c.name << " 2^" << power;
    }
  }
}

TEST(Ridge, PredictsLongSplitsInParts) {
  const Case c = golden_cases().front();
  const RidgeClassifier classifier = fit(c);
  const at::Tensor few = classifier.predict(c.test_x, 1024);
  const at::Tensor many = classifier.predict(c.test_x.repeat({15, 1}), 1024);
  EXPECT_TRUE(at::equal(many, few.repeat({15})));
}

// Classes around the corners of a triangle. (On a line, least squares never predicts the middle
// one.)
class FewShotProbe : public testing::Test {
 protected:
  static Features clusters(const std::vector<int64_t>& labels) {
    const at::Tensor y = at::tensor(labels, at::kLong);
    const at::Tensor angle = y.to(at::kFloat) * (2 * std::acos(-1.0) / 3);
    const at::Tensor base = at::stack({angle.cos(), angle.sin()}, 1);
    const at::Tensor noise = at::arange(2 * y.numel()).view({-1, 2}).to(at::kFloat).sin() / 10;
    return {base + noise, y};
  }
  std::unique_ptr<Probe> make(const std::string& keys, const Dataset& train) const {
    return probe_of("few_shot", keys, {train, classes_, "train"});
  }
  static Features rows(const Features& all, const std::vector<int64_t>& places) {
    const at::Tensor index = at::tensor(places);
    return {all.values.index_select(0, index), all.labels.index_select(0, index)};
  }

  const std::vector<std::string> classes_ = {"a", "b", "c"};
  const LabelsOnly train_{{0, 1, 2, 2, 1, 0, 0, 1, 2}};
};

TEST_F(FewShotProbe, AsksEveryShotSeedAndStrength) {
  const auto probe = make("shots: [1, 2], seeds: [3, 4], l2: [0.5, 1024]", train_);
  const Features all = clusters(train_.labels);
  const auto results = probe->ask(rows(all, probe->examples()), clusters({0, 1, 2, -1}));
  ASSERT_EQ(results.size(), 8U);
  EXPECT_EQ(results[0].settings[0].name, "shots");
  EXPECT_EQ(results[0].settings[1].value, 3);
  EXPECT_EQ(results[3].settings[2].value, 1024);
  for (const ProbeResult& result : results) EXPECT_EQ(result.n, 3) << "-1 is no label";
  EXPECT_EQ(results[2].count, 3);  // two clean examples a class tell the classes apart
}

TEST_F(FewShotProbe, ByNameTakesTheFirstNamesOnce) {
  const auto probe = make("shots: [1], order: name", train_);
  // LabelsOnly names run backwards: the last of each class comes first.
  EXPECT_EQ(probe->examples(), (std::vector<int64_t>{6, 7, 8}));
  const Features all = clusters(train_.labels);
  const auto results = probe->ask(rows(all, probe->examples()), clusters({0, 1, 2}));
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results[0].settings[1].value.has_value()) << "no seed";
}

TEST_F(FewShotProbe, LeavesOutPicturesThatCouldNotBeRead) {
  const auto probe = make("shots: [3], seeds: [0], l2: [0.01]", train_);
  Features all = clusters(train_.labels);
  all.values[1].fill_(1e9);
  all.labels[1] = -1;
  EXPECT_EQ(probe->ask(rows(all, probe->examples()), clusters({0, 1, 2}))[0].count, 3);
}

TEST_F(FewShotProbe, RefusesWhatCannotBeAnswered) {
  const LabelsOnly none{{-1, -1}}, one{{1, 1, 1}}, uneven{{0, 0, 1, 1, 2}};
  expect_data_error([&] { make("shots: [1]", none); }, {"train", "no labelled examples"});
  expect_data_error([&] { make("shots: [1]", one); }, {"one class"});
  expect_data_error([&] { make("shots: [1, 2]", uneven); }, {"2 shots", "'c'", "1 example"});
  EXPECT_NO_THROW(make("shots: [1]", uneven));
}

}  // namespace
}  // namespace vit::test
