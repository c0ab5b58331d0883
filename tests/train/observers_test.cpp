// The observers that write files: what is in them, and that every crash and every full disk leaves
// them readable.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/train/observer.hpp"

#include "fake_run.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>
#include <regex>
#include <sstream>

namespace vit {
namespace {

using test::at_step;
using test::some_evaluation;
using test::some_run;
using test::some_training;
using test::TempDir;
using Json = nlohmann::ordered_json;

RunSummary some_end() {
  RunSummary summary;
  summary.at = at_step(1404);
  summary.status = "done";
  summary.wall_s = 137.5;
  summary.last = {some_evaluation(1404, "raw", 8500), some_evaluation(1404, "average", 8634)};
  summary.best = {some_evaluation(936, "raw", 8600), some_evaluation(936, "average", 8700)};
  summary.last_checkpoint = "checkpoints/step-00001404";
  summary.best_checkpoint = "checkpoints/step-00000936";
  summary.run_dir = "runs/some";
  return summary;
}

std::vector<Json> lines_of(const fs::path& path) {
  std::vector<Json> lines;
  std::istringstream text(read_text(path));
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

using Keys = std::vector<std::string>;

TEST(Jsonl, HasTheKeysOfTheInterface) {
  const TempDir dir;
  {
    const auto observer = jsonl_observer(dir / "metrics.jsonl");
    observer->run_started(some_run());
    observer->stepped(some_training(50));
    observer->evaluated(some_evaluation(468, "raw", 8124));
    observer->saved({at_step(468), "checkpoints/step-00000468", 0.08, true});
    observer->event({at_step(702), "warn", "data.slow", "data wait 38 %"});
    observer->run_finished(some_end());
  }
  const auto lines = lines_of(dir / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(keys_of(lines[0]), (Keys{"kind", "schema", "run", "time", "params", "macs",
                                     "total_steps", "resumed_from"}));
  EXPECT_EQ(keys_of(lines[1]),
            (Keys{"kind", "step", "epoch", "examples", "time", "loss", "lr", "grad_norm",
                  "images_per_s", "step_ms", "data_wait", "mem_gib"}));
  EXPECT_EQ(keys_of(lines[2]), (Keys{"kind", "step", "epoch", "split", "weights", "loss", "top1",
                                     "top5", "top1_count", "top5_count", "n", "seconds"}));
  EXPECT_EQ(lines[3].dump(),
            R"({"kind":"checkpoint","step":468,"path":"checkpoints/step-00000468",)"
            R"("seconds":0.08,"best":true})");
  EXPECT_EQ(
      lines[4].dump(),
      R"({"kind":"event","step":702,"level":"warn","code":"data.slow","msg":"data wait 38 %"})");
  EXPECT_EQ(lines[5].dump(), R"({"kind":"end","step":1404,"status":"done","best_top1":0.87,)"
                             R"("best_step":936,"wall_s":137.5,"exit":0})");
  EXPECT_EQ(lines[0]["schema"], 1);
  EXPECT_TRUE(lines[0]["resumed_from"].is_null());
  EXPECT_TRUE(std::regex_match(lines[0]["time"].get<std::string>(),
                               std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
  EXPECT_EQ(lines[1]["kind"], "train");
  EXPECT_EQ(lines[1]["examples"], 6400);
  EXPECT_EQ(lines[1]["epoch"],
            6400.0 / 59904.0);  // the shortest text that reads back as the same number
  EXPECT_EQ(lines[2]["top1"], 0.8124);
  EXPECT_EQ(lines[2]["top1_count"], 8124);
}

TEST(Jsonl, NumbersThatAreNotFiniteAreNullAndNamed) {
  const TempDir dir;
  const auto observer = jsonl_observer(dir / "metrics.jsonl");
  TrainReport report = some_training(50);
  report.loss = std::numeric_limits<double>::quiet_NaN();
  report.grad_norm = std::numeric_limits<double>::infinity();
  observer->stepped(report);
  const Json line = lines_of(dir / "metrics.jsonl").at(0);  // flushed: the observer is still alive
  EXPECT_TRUE(line["loss"].is_null());
  EXPECT_TRUE(line["grad_norm"].is_null());
  EXPECT_EQ(line["nonfinite"], (Json{"loss", "grad_norm"}));
  EXPECT_EQ(line["lr"], 5.6e-4);
}

TEST(Jsonl, AppendsAndNamesTheCheckpointOfAResume) {
  const TempDir dir;
  jsonl_observer(dir / "metrics.jsonl")->stepped(some_training(50));
  jsonl_observer(dir / "metrics.jsonl")->run_started(some_run(468));
  const auto lines = lines_of(dir / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["step"], 50);
  EXPECT_EQ(lines[1]["resumed_from"], "checkpoints/step-00000468");
}

TEST(Jsonl, RepairsALineThatACrashCutShort) {
  const std::string whole = R"({"kind":"train","step":1})";
  const std::string long_part = R"({"kind":"event","msg":")" + std::string(10000, 'x');
  struct Case {
    std::string before;
    size_t lines;  // kept
  };
  for (const auto& c : {Case{"", 0}, Case{whole + "\n", 1}, Case{whole, 1},
                        Case{whole + "\n" + whole.substr(0, 9), 1}, Case{whole.substr(0, 9), 0},
                        Case{whole + "\n" + whole, 2}, Case{whole + "\n" + long_part, 1},
                        Case{whole + "\n12", 1}, Case{long_part, 0}}) {
    const TempDir dir;
    write_file(dir / "metrics.jsonl", c.before);
    jsonl_observer(dir / "metrics.jsonl")->stepped(some_training(50));
    const auto lines = lines_of(dir / "metrics.jsonl");
    ASSERT_EQ(lines.size(), c.lines + 1) << c.before.substr(0, 80);
    EXPECT_EQ(lines.back()["step"], 50);
  }
}

TEST(Jsonl, TextThatIsNoUtf8StaysALine) {
  const TempDir dir;
  const auto observer = jsonl_observer(dir / "metrics.jsonl");
  observer->event({at_step(1), "warn", "data.skipped", "cannot decode 'a\xff\nb.jpg'"});
  EXPECT_EQ(lines_of(dir / "metrics.jsonl").at(0)["msg"], "cannot decode 'a\xef\xbf\xbd\nb.jpg'");
}

TEST(Jsonl, AFullDiskEndsTheRunWithTheNameOfTheFile) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const TempDir dir;
  fs::create_symlink("/dev/full", dir / "metrics.jsonl");
  const auto observer = jsonl_observer(dir / "metrics.jsonl");
  try {
    observer->stepped(some_training(50));
    FAIL() << "no exception";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("metrics.jsonl"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("free some space"), std::string::npos) << error.what();
  }
  EXPECT_NO_THROW(
      observer->run_finished(some_end()));  // the end of a failed run must not hide its cause
}

TEST(Jsonl, AFolderInThePlaceOfTheFileIsADataError) {
  const TempDir dir;
  fs::create_directory(dir / "metrics.jsonl");
  EXPECT_THROW(jsonl_observer(dir / "metrics.jsonl"), DataError);
}

TEST(Summary, SaysHowTheRunEnded) {
  const TempDir dir;
  const auto observer = summary_observer(dir / "summary.json");
  observer->run_started(some_run());
  EXPECT_FALSE(fs::exists(dir / "summary.json"));
  observer->run_finished(some_end());
  const Json summary = Json::parse(read_text(dir / "summary.json"));
  EXPECT_EQ(summary["run"], "20260830-1412_vit_nano7_fashion_mnist");
  EXPECT_EQ(summary["status"], "done");
  EXPECT_EQ(summary["exit"], 0);
  EXPECT_EQ(summary["wall_s"], 137.5);
  EXPECT_EQ(summary["best"]["top1"], 0.87);
  EXPECT_EQ(summary["best"]["weights"], "average");
  EXPECT_EQ(summary["best"]["step"], 936);
  EXPECT_EQ(summary["best"]["checkpoint"], "checkpoints/step-00000936");
  EXPECT_EQ(summary["last"]["weights"], "raw");
  EXPECT_EQ(summary["last"]["top1"], 0.85);
  EXPECT_EQ(summary["last"]["checkpoint"], "checkpoints/step-00001404");
  EXPECT_EQ(summary["last_average"]["top1"], 0.8634);
}

TEST(Summary, OfARunThatFailedAtOnceNamesFolderAndMessage) {
  const TempDir dir;
  RunSummary failed;
  failed.status = "failed";
  failed.exit_code = 3;
  failed.message = "no such data";
  failed.run_dir = "runs/some/";
  summary_observer(dir / "summary.json")->run_finished(failed);
  const Json summary = Json::parse(read_text(dir / "summary.json"));
  EXPECT_EQ(summary["run"], "some");
  EXPECT_EQ(summary["exit"], 3);
  EXPECT_EQ(summary["message"], "no such data");
  EXPECT_TRUE(summary["best"].is_null());
  EXPECT_TRUE(summary["last"].is_null());
}

TEST(Summary, ACheckpointThatNobodyEvaluatedIsNotThatOfTheLastEvaluation) {
  const TempDir dir;
  RunSummary stopped = some_end();
  stopped.at = at_step(1500);
  stopped.last_checkpoint = "checkpoints/step-00001500";
  summary_observer(dir / "summary.json")->run_finished(stopped);
  const Json summary = Json::parse(read_text(dir / "summary.json"));
  EXPECT_TRUE(summary["last"]["checkpoint"].is_null());
  EXPECT_EQ(summary["checkpoint"], "checkpoints/step-00001500");
}

}  // namespace
}  // namespace vit
