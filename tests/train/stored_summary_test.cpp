// What is read back of a run that has ended.
#include "train/stored_summary.hpp"

#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace vit {
namespace {

class StoredSummaries : public testing::Test {
 protected:
  StoredSummary read(const std::string& text) const {
    write_atomically(dir_ / "summary.json", text);
    const auto summary = stored_summary(dir_.path());
    EXPECT_TRUE(summary) << text;
    return summary.value_or(StoredSummary());
  }
  const test::TempDir dir_;
};

TEST_F(StoredSummaries, AreNoneWithoutAnObject) {
  EXPECT_FALSE(stored_summary(dir_.path()));
  for (const char* text : {"", "[1", "[]", "7", "null"}) {
    write_atomically(dir_ / "summary.json", text);
    EXPECT_FALSE(stored_summary(dir_.path())) << text;
  }
}

TEST_F(StoredSummaries, HoldWhatIsThere) {
  const StoredSummary summary = read(
      R"({"status": "done", "exit": 0, "message": "m", "wall_s": 2.5, "examples": 64, "params": 7,
          "macs": null, "best": {"top1": 0.5, "top5": 0.75, "loss": 1.5, "step": 3, "n": 40,
          "top1_count": 20, "weights": "average"}, "last": {"top1": 0.25}})");
  EXPECT_TRUE(summary.is_finished());
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.message, "m");
  EXPECT_EQ(summary.wall_s, 2.5);
  EXPECT_EQ(summary.examples, 64);
  EXPECT_EQ(summary.parameters, 7);
  EXPECT_FALSE(summary.macs);
  EXPECT_EQ(summary.best->top5, 0.75);
  EXPECT_EQ(summary.best->step, 3);
  EXPECT_EQ(summary.best->n, 40);
  EXPECT_EQ(summary.best->top1_count, 20);
  EXPECT_EQ(summary.best->weights, "average");
  EXPECT_TRUE(std::isnan(summary.last->loss));
  EXPECT_EQ(summary.final_score()->top1, 0.25);
}

TEST_F(StoredSummaries, AveragedWeightsComeLast) {
  EXPECT_EQ(read(R"({"last": {"n": 1}, "last_average": {"n": 2}})").final_score()->n, 2);
  EXPECT_EQ(read(R"({"last": {"n": 1}, "last_average": null})").final_score()->n, 1);
}

TEST_F(StoredSummaries, WhatIsOfAnotherTypeIsNotThere) {
  const StoredSummary summary = read(R"({"status": 7, "exit": "0", "wall_s": [], "last": 3})");
  EXPECT_EQ(summary.status, "");
  EXPECT_EQ(summary.exit_code, -1);
  EXPECT_EQ(summary.wall_s, 0);
  EXPECT_FALSE(summary.last);
  EXPECT_FALSE(summary.is_finished());
}

}  // namespace
}  // namespace vit
