// What is read back of the answers of a run's probes.
#include "train/stored_probes.hpp"

#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vit {
namespace {

std::string line(int step, const std::string& weights, int shots, const std::string& seed,
                 int count) {
  return R"({"kind":"probe","step":)" + std::to_string(step) +
         R"(,"epoch":1.0,"split":"val","weights":")" + weights +
         R"(","probe":"few_shot","shots":)" + std::to_string(shots) + R"(,"seed":)" + seed +
         R"(,"l2":1024.0,"top1":0.0,"count":)" + std::to_string(count) + ",\"n\":10}\n";
}

class StoredProbes : public testing::Test {
 protected:
  std::vector<StoredProbe> read(const std::string& text, int64_t step) const {
    write_atomically(dir_ / "metrics.jsonl", text);
    return stored_probes(dir_.path(), step);
  }
  const test::TempDir dir_;
};

TEST_F(StoredProbes, AreNoneWithoutAnswers) {
  EXPECT_TRUE(stored_probes(dir_.path(), 9).empty());
  EXPECT_TRUE(read("{\"kind\":\"eval\",\"step\":1,\"split\":\"probe\"}\n{\"probe\"\n", 9).empty());
}

TEST_F(StoredProbes, AreMeansOverTheSeeds) {
  const auto probes = read(line(4, "raw", 5, "0", 4) + line(4, "raw", 5, "1", 6) +
                               line(4, "raw", 10, "0", 9) + line(4, "average", 5, "null", 8),
                           4);
  ASSERT_EQ(probes.size(), 3u);
  EXPECT_EQ(probes[0].title(), "few_shot shots 5 l2 1024 on val");
  EXPECT_EQ(probes[0].summary.top1.n, 2u);
  EXPECT_DOUBLE_EQ(probes[0].summary.top1.mean, 0.5);
  EXPECT_EQ(probes[1].title(), "few_shot shots 10 l2 1024 on val");
  EXPECT_DOUBLE_EQ(probes[1].summary.top1.mean, 0.9);
  EXPECT_EQ(probes[2].title(), "few_shot shots 5 l2 1024 on val averaged");
  EXPECT_DOUBLE_EQ(probes[2].summary.top1.mean, 0.8);
}

TEST_F(StoredProbes, AreTheLastUpToAStep) {
  const std::string text =
      line(2, "raw", 5, "0", 1) + line(4, "raw", 5, "0", 2) + line(6, "raw", 5, "0", 3);
  EXPECT_TRUE(read(text, 1).empty());
  ASSERT_EQ(read(text, 5).size(), 1u);
  EXPECT_EQ(read(text, 5)[0].step, 4);
  EXPECT_DOUBLE_EQ(read(text, 5)[0].summary.top1.mean, 0.2);
  EXPECT_DOUBLE_EQ(read(text, 6)[0].summary.top1.mean, 0.3);
}

TEST_F(StoredProbes, CountOnceWhenAResumedRunGivesThemAgain) {
  const auto probes = read(line(2, "raw", 5, "0", 1) + line(2, "raw", 5, "1", 3) +
                               line(2, "raw", 5, "0", 5) + line(2, "raw", 5, "1", 7),
                           2);
  ASSERT_EQ(probes.size(), 1u);
  EXPECT_EQ(probes[0].summary.top1.n, 2u);
  EXPECT_DOUBLE_EQ(probes[0].summary.top1.mean, 0.6);
}

}  // namespace
}  // namespace vit
