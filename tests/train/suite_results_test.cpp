// Means over tasks, and what is said when one is missing.
#include "train/vtab/results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace vit {
namespace {

using testing::HasSubstr;
using testing::Not;

TaskResult result(const char* task, const char* group, int64_t count, int64_t n) {
  TaskResult result;
  result.task = task;
  result.group = group;
  result.test = Accuracy{count, n};
  return result;
}

TEST(SuiteResults, MeansAreOverTasksNotImages) {
  SuiteResults results{"S", "vit", "w", {}};
  results.tasks = {result("a", "G", 1, 2), result("b", "G", 0, 1000), result("c", "H", 3, 4)};
  const std::vector<Mean> means = means_of(results);
  ASSERT_EQ(means.size(), 3u);
  EXPECT_DOUBLE_EQ(means[0].top1, 0.25);
  EXPECT_DOUBLE_EQ(means[1].top1, 0.75);
  EXPECT_DOUBLE_EQ(means[2].top1, 1.25 / 3);
  EXPECT_THAT(suite_table(results), HasSubstr("mean of 3"));
  EXPECT_THAT(suite_table(results), Not(HasSubstr("not comparable")));
}

TEST(SuiteResults, NameWhatIsMissing) {
  SuiteResults results{"S", "vit", "w", {}};
  results.tasks = {result("a", "G", 1, 2), result("b", "G", 0, 1), result("c", "H", 3, 4)};
  results.tasks[1].test.reset();
  results.tasks[1].why_missing = "no data, sadly";
  const std::string table = suite_table(results);
  EXPECT_THAT(table, HasSubstr("mean of 1 of 2: not comparable"));
  EXPECT_THAT(table, HasSubstr("mean of 2 of 3: not comparable"));
  EXPECT_THAT(table, HasSubstr("missing   b: no data, sadly"));
  EXPECT_THAT(suite_csv(results), HasSubstr("b,G,0,,,,,,,\"no data, sadly\"\n"));
  const auto json = nlohmann::json::parse(suite_json(results));
  EXPECT_EQ(json["mean"]["complete"], false);
  EXPECT_EQ(json["mean"]["missing"], nlohmann::json({"b"}));
  EXPECT_EQ(json["groups"][0]["top1"], 0.5);
  EXPECT_EQ(json["groups"][1]["complete"], true);
  EXPECT_EQ(json["tasks"][1]["missing"], "no data, sadly");
}

}  // namespace
}  // namespace vit
