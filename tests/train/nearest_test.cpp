#include "train/probes/nearest.hpp"

#include "train/probe_support.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace vit::test {
namespace {

// One query at a time, in plain loops.
int64_t voted(const Features& known, const at::Tensor& query, int64_t k, double temperature,
              int64_t classes) {
  std::vector<std::pair<double, int64_t>> similar;
  for (int64_t i = 0; i < known.values.size(0); ++i) {
    const at::Tensor x = known.values[i];
    const double cosine =
        (x * query).sum().item<double>() / (x.norm().item<double>() * query.norm().item<double>());
    similar.emplace_back(-cosine, known.labels[i].item<int64_t>());
  }
  std::sort(similar.begin(), similar.end());
  std::vector<double> votes(static_cast<size_t>(classes), 0.0);
  for (int64_t i = 0; i < k; ++i) {
    const auto& [distance, label] = similar[static_cast<size_t>(i)];
    votes[static_cast<size_t>(label)] += std::exp(-distance / temperature);
  }
  return std::max_element(votes.begin(), votes.end()) - votes.begin();
}

at::Tensor waves(int64_t rows, int64_t columns, double phase) {
  return (at::arange(rows * columns, at::kDouble) * 12.9898 + phase)
      .sin()
      .mul(43758.5453)
      .frac()
      .to(at::kFloat)
      .view({rows, columns});
}

TEST(Nearest, AgreesWithPlainLoops) {
  const at::Tensor labels = at::arange(40, at::kLong).remainder(4);
  const Features known{waves(40, 6, 0.0) + 0.3 * labels.unsqueeze(1), labels};
  const at::Tensor queries = waves(25, 6, 0.5);
  const KnnConfig config{{1, 5, 20}, 0.07};
  const auto predictions = nearest_classes(known, queries, 4, config);
  ASSERT_EQ(predictions.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    for (int64_t q = 0; q < 25; ++q) {
      EXPECT_EQ(predictions[i][q].item<int64_t>(), voted(known, queries[q], config.k[i], 0.07, 4))
          << "k " << config.k[i] << ", query " << q;
    }
  }
}

TEST(Nearest, LengthDoesNotCountAndNearnessDoes) {
  // Two far neighbours of class 1 against a near one of class 0, which is a hundred times as long.
  const Features known{at::tensor({100.0f, 1.0f, 0.6f, 0.8f, 0.6f, 0.8f}).view({3, 2}),
                       at::tensor({0, 1, 1}, at::kLong)};
  const at::Tensor query = at::tensor({1.0f, 0.0f}).view({1, 2});
  EXPECT_EQ(nearest_classes(known, query, 2, {{3}, 0.07})[0].item<int64_t>(), 0);
  EXPECT_EQ(nearest_classes(known, query, 2, {{3}, 100.0})[0].item<int64_t>(), 1);
  EXPECT_EQ(nearest_classes(known, query, 2, {{3}, 1e-6})[0].item<int64_t>(), 0) << "no overflow";
}

TEST(KnnProbe, CountsLabelledQueries) {
  const LabelsOnly train{{0, 1, -1, 0}};
  const std::vector<std::string> classes = {"a", "b"};
  const auto probe = probe_of("knn", "k: [1, 2]", {train, classes, "train"});
  EXPECT_EQ(probe->examples(), (std::vector<int64_t>{0, 1, 3}));
  const Features rows{at::tensor({1.0f, 0.0f, 0.0f, 1.0f, 1.0f, 0.1f}).view({3, 2}),
                      at::tensor({0, 1, 0}, at::kLong)};
  const Features test{at::tensor({1.0f, 0.2f, 0.1f, 1.0f, 1.0f, 1.0f}).view({3, 2}),
                      at::tensor({0, 0, -1}, at::kLong)};
  const auto results = probe->ask(rows, test);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].settings[0].name, "k");
  EXPECT_EQ(results[0].n, 2);
  EXPECT_EQ(results[0].count, 1);
}

TEST(KnnProbe, RefusesMoreNeighboursThanExamples) {
  const LabelsOnly train{{0, 1, -1}};
  const std::vector<std::string> classes = {"a", "b"};
  expect_data_error(
      [&] {
        probe_of("knn", "k: [3]", {train, classes, "train"});
      },
      {"3 neighbours", "'train'", "2"});
}

}  // namespace
}  // namespace vit::test
