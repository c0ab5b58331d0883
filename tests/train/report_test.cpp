#include "vit/train/report.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"
#include "train/report/runs.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vit {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A run folder with what a finished run of two epochs leaves behind.
fs::path make_run(const fs::path& folder, double lr, double top1, double exaflops) {
  fs::create_directories(folder / "eval");
  write_atomically(folder / "config.yaml",
                   fmt::format("model: {{name: vit_ti16}}\ndata: {{name: synthetic}}\n"
                               "schedule: {{name: cosine, lr: {}}}\n",
                               lr));
  write_atomically(folder / "metrics.jsonl",
                   "{\"kind\":\"header\",\"schema\":1,\"params\":700,\"macs\":900}\n"
                   "{\"kind\":\"train\",\"step\":1,\"epoch\":0.5,\"loss\":2.5,\"lr\":0.1}\n"
                   "{\"kind\":\"train\",\"step\":2,\"epoch\":1.0,\"loss\":9.0,\"lr\":0.1}\n"
                   "{\"kind\":\"train\",\"step\":2,\"epoch\":1.0,\"loss\":1.5,\"lr\":0.1}\n"
                   "{\"kind\":\"eval\",\"step\":2,\"epoch\":1.0,\"split\":\"val\",\"weights\":"
                   "\"raw\",\"top1\":0.5}\n"
                   "{\"kind\":\"eval\",\"step\":2,\"epoch\":1.0,\"split\":\"val\",\"weights\":"
                   "\"average\",\"top1\":0.6}\n"
                   "{\"kind\":\"train\",\"st");
  write_atomically(
      folder / "summary.json",
      fmt::format(
          "{{\"status\":\"done\",\"params\":5543716,\"macs\":1.25e9,\"exaflops\":{},"
          "\"device_hours\":0.5,\"examples\":64,\"best\":{{\"top1\":{},\"n\":100,\"step\":2,"
          "\"weights\":\"raw\"}},\"last\":null}}",
          exaflops, top1));
  write_atomically(folder / "eval" / "val_confusion.csv",
                   "label\\prediction,cat,\"dog, <small>\"\ncat,7,3\n\"dog, <small>\",0,10\n");
  return folder;
}

TEST(Report, ShowsTableCurvesAndConfusionOfARun) {
  const TempDir dir;
  const fs::path out = write_report({.runs = {make_run(dir / "one", 0.1, 0.375, 2e-6)}, .out = {}});
  EXPECT_EQ(out, dir / "one" / "report.html");
  const std::string page = read_text(out);
  for (const char* text :
       {"<td class=\"t\">vit_ti16", "<td>5.544", "<td>1.25", "<td>2e-06", "<td>37.50",
        "Training loss", "Validation top-1", "dog, &lt;small&gt;</text>",
        "cat taken for dog, &lt;small&gt;: 3 of 10"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  EXPECT_THAT(page, Not(HasSubstr("<small>")));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("configurations")));
}

// Of repeated steps the last row counts, and a line that was cut off counts for nothing.
TEST(Report, ReadsTheCurvesOfResumedRuns) {
  const TempDir dir;
  const RunFacts run = read_run(make_run(dir / "one", 0.1, 0.375, 2e-6), "one");
  EXPECT_THAT(run.curves.at("train/loss"), ElementsAre(std::pair(0.5, 2.5), std::pair(1.0, 1.5)));
  EXPECT_THAT(run.curves.at("val_average/top1"), ElementsAre(std::pair(1.0, 0.6)));
}

// A run without a summary has not ended; a score without a top-1 is none.
TEST(Report, ShowsWhatTheSummarySays) {
  const TempDir dir;
  const fs::path folder = make_run(dir / "one", 0.1, 0.375, 2e-6);
  EXPECT_EQ(read_run(folder, "one").best->top1, 0.375);
  EXPECT_FALSE(read_run(folder, "one").last);
  write_atomically(
      folder / "summary.json",
      R"({"status": "failed", "best": {"top1": null, "n": 3}, "last": {"top1": 0.5}})");
  EXPECT_EQ(read_run(folder, "one").status, "failed");
  EXPECT_FALSE(read_run(folder, "one").best);
  EXPECT_EQ(read_run(folder, "one").last->top1, 0.5);
  EXPECT_FALSE(read_run(folder, "one").exaflops);
}

// What such a run has noted on its way stands for the summary it does not have.
TEST(Report, ShowsHowFarARunWithoutASummaryCame) {
  const TempDir dir;
  const fs::path folder = make_run(dir / "one", 0.1, 0.375, 2e-6);
  fs::remove(folder / "summary.json");
  const RunFacts run = read_run(folder, "one");
  EXPECT_EQ(run.status, "running or killed");
  EXPECT_EQ(run.parameters, 700);
  EXPECT_EQ(run.macs, 900);
  EXPECT_EQ(run.epochs, 1);
  ASSERT_TRUE(run.best && run.last && run.last_average);
  EXPECT_EQ(run.best->weights, "average");
  EXPECT_EQ(run.last->top1, 0.5);
  EXPECT_EQ(run.last_average->top1, 0.6);
}

// A run that diverged before its first line has an epoch in the summary alone.
TEST(Report, TakesTheEpochsOfTheSummary) {
  const TempDir dir;
  const fs::path folder = make_run(dir / "one", 0.1, 0.375, 2e-6);
  write_atomically(folder / "metrics.jsonl", "{\"kind\":\"header\",\"schema\":1}\n");
  write_atomically(folder / "summary.json", R"({"status": "diverged", "epoch": 1.5})");
  EXPECT_EQ(read_run(folder, "one").epochs, 1.5);
}

TEST(Report, ComparesTheRunsOfAFolder) {
  const TempDir dir;
  make_run(dir / "b", 0.5, 0.25, 1e-6);
  make_run(dir / "a", 0.25, 0.5, 1e-5);
  const fs::path out = write_report({.runs = {dir.path()}, .out = dir / "page.html"});
  const std::string page = read_text(out);
  EXPECT_THAT(page, HasSubstr("<h1>2 runs</h1>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>schedule.lr<td class=\"t\">0.25<td class=\"t\">0.5</tr>"));
  EXPECT_THAT(page, Not(HasSubstr("<td>model.width")));  // equal in both
  EXPECT_THAT(page, HasSubstr("Accuracy against compute"));
}

// Makes `run` one that was started from these weights.
void start_from(const fs::path& run, const fs::path& weights) {
  write_atomically(run / "config.yaml",
                   fmt::format("model: {{name: vit_ti16}}\ndata: {{name: synthetic}}\n"
                               "init: {{weights: '{}'}}\n",
                               weights.string()));
}

TEST(Report, CountsTheComputeOfPretraining) {
  const TempDir dir;
  const fs::path pretrained = make_run(dir / "pre", 0.1, 0.5, 0.25);
  const fs::path tuned = make_run(dir / "tuned", 0.1, 0.5, 0.125);
  start_from(tuned, pretrained / "checkpoints" / "step-00000002" / "model.safetensors");
  EXPECT_EQ(read_run(tuned, "").exaflops_in_all, 0.375);
  start_from(tuned, dir / "elsewhere.safetensors");
  EXPECT_FALSE(read_run(tuned, "").exaflops_in_all);
  EXPECT_THAT(read_run(tuned, "").unknown_cost, HasSubstr("elsewhere.safetensors is not known"));
  start_from(tuned, tuned);
  EXPECT_FALSE(read_run(tuned, "").exaflops_in_all) << "a circle";
}

// Of a run whose weights were taken half way, half the compute counts.
TEST(Report, CountsPretrainingUpToTheCheckpoint) {
  const TempDir dir;
  const fs::path pretrained = make_run(dir / "pre", 0.1, 0.5, 0.25);
  write_atomically(pretrained / "summary.json",
                   R"({"status": "done", "exaflops": 0.25, "step": 40})");
  const fs::path tuned = make_run(dir / "tuned", 0.1, 0.5, 0.125);
  const auto cost_from = [&](const fs::path& weights) {
    start_from(tuned, weights);
    return read_run(tuned, "").exaflops_in_all;
  };
  const fs::path checkpoints = pretrained / "checkpoints";
  EXPECT_EQ(cost_from(checkpoints / "step-00000020"), 0.25);
  EXPECT_EQ(cost_from(checkpoints / "step-00000010" / "model.safetensors"), 0.1875);
  EXPECT_EQ(cost_from(checkpoints / "step-00000040"), 0.375);
  EXPECT_EQ(cost_from(pretrained), 0.375) << "no checkpoint is left to ask";
  fs::create_directories(checkpoints / "step-00000020");
  fs::create_directory_symlink("step-00000020", checkpoints / "best");
  EXPECT_EQ(cost_from(pretrained), 0.25) << "a run stands for its best checkpoint";
  EXPECT_EQ(cost_from(checkpoints / "best"), 0.25);
}

TEST(Report, SaysWhichRunsHaveNoKnownCost) {
  const TempDir dir;
  make_run(dir / "a", 0.25, 0.5, 1e-5);
  const fs::path tuned = make_run(dir / "tuned", 0.1, 0.5, 0.125);
  write_atomically(tuned / "config.yaml",
                   "model: {name: vit_ti16}\ndata: {name: synthetic}\n"
                   "init: {weights: gone.safetensors}\n");
  const std::string page = read_text(write_report({.runs = {dir.path()}, .out = dir / "p.html"}));
  EXPECT_THAT(page, HasSubstr("<p>not shown: tuned (the cost of its weights gone.safetensors is "
                              "not known)</p>"));
}

// What a masked-patch run counts is no top-1 of images.
TEST(Report, LeavesOutScoresOfOtherObjectives) {
  const TempDir dir;
  const fs::path folder = make_run(dir / "one", 0.1, 0.375, 2e-6);
  write_atomically(folder / "config.yaml",
                   "model: {name: vit_ti16}\ndata: {name: synthetic}\n"
                   "objective: {name: masked_patches}\n");
  const RunFacts run = read_run(folder, "one");
  EXPECT_FALSE(run.best);
  EXPECT_FALSE(run.curves.contains("val/top1"));
  EXPECT_TRUE(run.curves.contains("train/loss"));
}

TEST(Report, FindsRunsBelowRuns) {
  const TempDir dir;
  make_run(dir / "a", 0.5, 0.25, 1e-6);
  make_run(dir / "final" / "seed=0", 0.5, 0.25, 1e-6);
  const std::string page = read_text(write_report({.runs = {dir.path()}, .out = dir / "p.html"}));
  EXPECT_THAT(page, HasSubstr("<h1>2 runs</h1>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>final/seed=0<td"));
}

std::vector<std::string> names_of(const std::vector<fs::path>& given) {
  std::vector<std::string> names;
  for (const RunFacts& run : read_runs(given).readable) names.push_back(run.name);
  return names;
}

TEST(Report, ShowsARunAndALinkToItOnce) {
  const TempDir dir;
  make_run(dir / "b", 0.5, 0.25, 1e-6);
  fs::create_directory_symlink("b", dir / "latest");
  EXPECT_THAT(names_of({dir / "b", dir / "latest", dir.path()}), ElementsAre("b"));
  EXPECT_THAT(names_of({dir / "latest"}), ElementsAre("b"));
}

TEST(Report, LengthensEqualNames) {
  const TempDir dir;
  make_run(dir / "x" / "runs" / "cls", 0.5, 0.25, 1e-6);
  make_run(dir / "y" / "runs" / "cls", 0.5, 0.25, 1e-6);
  make_run(dir / "y" / "runs" / "gap", 0.5, 0.25, 1e-6);
  EXPECT_THAT(names_of({dir / "x" / "runs" / "cls", dir / "y" / "runs"}),
              ElementsAre("x/runs/cls", "y/runs/cls", "gap"));
}

TEST(Report, ShowsTheOthersOfABrokenRun) {
  const TempDir dir;
  make_run(dir / "good", 0.5, 0.25, 1e-6);
  write_atomically(make_run(dir / "cut", 0.1, 0.5, 1) / "summary.json", "[1");
  write_atomically(make_run(dir / "odd", 0.1, 0.5, 1) / "config.yaml", "model: {name: vit_");
  const std::string page = read_text(write_report({.runs = {dir.path()}, .out = dir / "p.html"}));
  EXPECT_THAT(page, HasSubstr("<h1>good</h1>"));
  EXPECT_THAT(page, HasSubstr("<li>cut: "));
  EXPECT_THAT(page, HasSubstr("is not a run's summary</li>"));
  EXPECT_THAT(page, HasSubstr("<li>odd: "));
  fs::remove_all(dir / "good");
  EXPECT_THROW(write_report({.runs = {dir.path()}, .out = dir / "p.html"}), DataError);
  EXPECT_THROW(write_report({.runs = {dir / "odd"}, .out = dir / "p.html"}), ConfigError);
}

TEST(Report, WritesFiguresOfTheirOwn) {
  const TempDir dir;
  make_run(dir / "a", 0.25, 0.5, 1e-5);
  write_report({.runs = {dir.path()}, .out = dir / "page.html", .figures = dir / "figures"});
  const std::string svg = read_text(dir / "figures" / "compute.svg");
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns="));
  EXPECT_THAT(svg, HasSubstr("<style>"));
  EXPECT_FALSE(fs::exists(dir / "figures" / "data.svg"));
}

TEST(Report, SaysWhatIsNoRun) {
  const TempDir dir;
  try {
    write_report({.runs = {dir.path()}, .out = {}});
    FAIL() << "nothing was thrown";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no run in '" + dir.path().string() + "'"));
  }
  write_atomically(make_run(dir / "two", 0.1, 0.5, 1) / "summary.json", "[1");
  EXPECT_THROW(write_report({.runs = {dir / "two"}, .out = {}}), DataError);
  write_atomically(make_run(dir / "one", 0.1, 0.5, 1) / "eval" / "val_confusion.csv", "a,b\nc,x\n");
  EXPECT_THROW(write_report({.runs = {dir / "one"}, .out = {}}), DataError);
}

}  // namespace
}  // namespace vit
