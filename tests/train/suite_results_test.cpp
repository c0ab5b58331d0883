// Means over tasks, and what is said when one is missing.
#include "train/vtab/results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace vit {
namespace {

using testing::HasSubstr;
using testing::Not;

// One run for each of `counts`, which are of n images.
TaskResult result(const char* task, const char* group, const std::vector<int64_t>& counts,
                  int64_t n) {
  TaskResult result;
  result.task = task;
  result.group = group;
  for (const int64_t count : counts) {
    result.runs.push_back({static_cast<int64_t>(result.runs.size()), {count, n}, "run"});
  }
  return result;
}

TEST(SuiteResults, MeansAreOverTasksNotImages) {
  SuiteResults results{"S", "vit", "w", {}};
  results.tasks = {result("a", "G", {1}, 2), result("b", "G", {0}, 1000), result("c", "H", {3}, 4)};
  const std::vector<Mean> means = means_of(results);
  ASSERT_EQ(means.size(), 3u);
  EXPECT_DOUBLE_EQ(means[0].top1.mean, 0.25);
  EXPECT_DOUBLE_EQ(means[1].top1.mean, 0.75);
  EXPECT_DOUBLE_EQ(means[2].top1.mean, 1.25 / 3);
  EXPECT_THAT(suite_table(results), HasSubstr("mean of 3"));
  EXPECT_THAT(suite_table(results), Not(HasSubstr("not comparable")));
}

// The deviation of a mean is that of the seeds' means, not of the tasks.
TEST(SuiteResults, DeviationsAreOverSeeds) {
  SuiteResults results{"S", "vit", "w", {}};
  results.tasks = {result("a", "G", {1, 3}, 4), result("b", "G", {4, 2}, 4),
                   result("c", "H", {0, 2}, 4)};
  EXPECT_DOUBLE_EQ(results.tasks[0].top1().mean, 0.5);
  EXPECT_DOUBLE_EQ(results.tasks[0].top1().std, 0.5 / std::sqrt(2.0));
  const std::vector<Mean> means = means_of(results);
  EXPECT_DOUBLE_EQ(means[0].top1.mean, 0.625);
  EXPECT_DOUBLE_EQ(means[0].top1.std, 0);
  EXPECT_DOUBLE_EQ(means[2].top1.mean, 0.5);
  EXPECT_NEAR(means[2].top1.std, 1.0 / 6 / std::sqrt(2.0), 1e-12);  // of 5/12 and 7/12
  EXPECT_THAT(suite_table(results), HasSubstr("62.50 \u00b1 0.00"));
  EXPECT_THAT(suite_csv(results), HasSubstr("a,G,0,0,4,1,3,0.750000,"));
  const auto json = nlohmann::json::parse(suite_json(results));
  EXPECT_EQ(json["tasks"][1]["runs"][1]["top1_count"], 2);
  EXPECT_DOUBLE_EQ(json["mean"]["std"].get<double>(), means[2].top1.std);
}

TEST(SuiteResults, AreReadBack) {
  SuiteResults results{"S", "vit", "w", {}};
  results.tasks = {result("a", "G", {1, 3}, 4), result("b", "G", {}, 1)};
  results.tasks[0].setting = {0.1, "5 steps", 0.5};
  results.tasks[1].why_missing = "not run yet";
  const std::vector<TaskResult> read = tasks_in(suite_json(results), results);
  ASSERT_EQ(read.size(), 1u) << "those that have a result";
  EXPECT_EQ(read[0].task, "a");
  EXPECT_EQ(read[0].setting.lr, 0.1);
  EXPECT_EQ(read[0].setting.val, 0.5);
  ASSERT_EQ(read[0].runs.size(), 2u);
  EXPECT_EQ(read[0].runs[1].seed, 1);
  EXPECT_EQ(read[0].runs[1].test.count, 3);
  EXPECT_EQ(read[0].runs[1].test.n, 4);
  SuiteResults other = results;
  other.weights = "others";
  EXPECT_TRUE(tasks_in(suite_json(results), other).empty());
  EXPECT_TRUE(tasks_in("{", results).empty());
}

TEST(SuiteResults, NameWhatIsMissing) {
  SuiteResults results{"S", "vit", "w", {}};
  results.tasks = {result("a", "G", {1}, 2), result("b", "G", {}, 1), result("c", "H", {3}, 4)};
  results.tasks[1].why_missing = "no data, sadly";
  const std::string table = suite_table(results);
  EXPECT_THAT(table, HasSubstr("mean of 1 of 2: not comparable"));
  EXPECT_THAT(table, HasSubstr("mean of 2 of 3: not comparable"));
  EXPECT_THAT(table, HasSubstr("missing   b: no data, sadly"));
  EXPECT_THAT(suite_csv(results), HasSubstr("b,G,0,,,,,,,,\"no data, sadly\"\n"));
  const auto json = nlohmann::json::parse(suite_json(results));
  EXPECT_EQ(json["mean"]["complete"], false);
  EXPECT_EQ(json["mean"]["missing"], nlohmann::json({"b"}));
  EXPECT_EQ(json["groups"][0]["top1"], 0.5);
  EXPECT_EQ(json["groups"][1]["complete"], true);
  EXPECT_EQ(json["tasks"][1]["missing"], "no data, sadly");
}

}  // namespace
}  // namespace vit
