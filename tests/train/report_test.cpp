#include "vit/train/report.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"
#include "train/report/axis.hpp"
#include "train/report/plot.hpp"
#include "train/report/summary_plots.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

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
                   "{\"kind\":\"header\",\"schema\":1}\n"
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
  fs::remove(folder / "summary.json");
  EXPECT_EQ(read_run(folder, "one").status, "running or killed");
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

// A run on `images` images of a model of `width` (0: a ResNet).
RunFacts run_on(const std::string& name, int64_t images, int width, double top1) {
  RunFacts run;
  run.name = name;
  run.model = width > 0 ? "vit" : "bit";
  run.settings = {{"seed", "0"}, {"model.width", std::to_string(width)}};
  run.training_images = images;
  run.exaflops_in_all = 1e-6;
  run.best = StoredScore{.top1 = top1, .top5 = 0, .loss = 0, .weights = "raw"};
  StoredProbe probe{.probe = "few_shot", .split = "val", .weights = "raw", .summary = {}};
  probe.summary.top1.mean = top1 / 2;
  run.probes = {probe};
  return run;
}

TEST(DataPlot, HasALineAModelAndMeansOfSeeds) {
  const Plot plot = data_plot({run_on("images=9,model=S,seed=0", 900, 64, 0.5),
                               run_on("images=9,model=S,seed=1", 900, 64, 0.7),
                               run_on("images=1,model=S,seed=0", 100, 64, 0.4),
                               run_on("images=1,model=R,seed=0", 100, 0, 0.25),
                               run_on("images=9,model=R,seed=0", 900, 0, 0.75)});
  ASSERT_EQ(plot.series.size(), 4U);
  EXPECT_EQ(plot.series[0].name, "S");
  EXPECT_THAT(plot.series[0].points,
              ElementsAre(std::pair(100.0, 40.0), testing::Pair(900.0, testing::DoubleEq(60.0))));
  EXPECT_TRUE(plot.series[1].is_dashed);
  EXPECT_THAT(plot.series[1].points,
              ElementsAre(std::pair(100.0, 20.0), testing::Pair(900.0, testing::DoubleEq(30.0))));
  EXPECT_EQ(plot.series[2].name, "R,seed=0");
  EXPECT_NE(plot.series[2].color, plot.series[0].color);
}

TEST(DataPlot, IsNoneOfRunsOnOneSize) {
  EXPECT_EQ(plot_svg(data_plot({run_on("a", 900, 64, 0.5), run_on("b", 900, 0, 0.7)})), "");
  EXPECT_EQ(plot_svg(data_plot({run_on("a", 0, 64, 0.5), run_on("b", 900, 64, 0.7)})), "");
}

TEST(ComputePlot, ColoursHybridsApart) {
  RunFacts hybrid = run_on("model=R+S", 900, 64, 0.6);
  hybrid.settings.emplace_back("model.trunk.layers", "[1]");
  const Plot plot = compute_plot({run_on("model=S", 900, 64, 0.5), hybrid});
  ASSERT_EQ(plot.series.size(), 2U);
  EXPECT_EQ(plot.series[1].name, "R+S");
  EXPECT_NE(plot.series[0].color, plot.series[1].color);
}

TEST(Report, CountsTheComputeOfPretraining) {
  const TempDir dir;
  const fs::path pretrained = make_run(dir / "pre", 0.1, 0.5, 0.25);
  const fs::path tuned = make_run(dir / "tuned", 0.1, 0.5, 0.125);
  const auto start_from = [&](const fs::path& weights) {
    write_atomically(tuned / "config.yaml",
                     fmt::format("model: {{name: vit_ti16}}\ndata: {{name: synthetic}}\n"
                                 "init: {{weights: '{}'}}\n",
                                 weights.string()));
  };
  start_from(pretrained / "checkpoints" / "step-00000002" / "model.safetensors");
  EXPECT_EQ(read_run(tuned, "").exaflops_in_all, 0.375);
  start_from(dir / "elsewhere.safetensors");
  EXPECT_FALSE(read_run(tuned, "").exaflops_in_all);
  start_from(tuned);
  EXPECT_FALSE(read_run(tuned, "").exaflops_in_all) << "a circle";
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

TEST(Axis, HasRoundTicks) {
  EXPECT_THAT(Axis(0, 10, false, 0, 100).ticks(6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(Axis(0.8, 120, true, 0, 100).ticks(4),
              ElementsAre(testing::DoubleEq(1), testing::DoubleEq(10), testing::DoubleEq(100)));
  const Axis axis(1, 100, true, 0, 108);
  EXPECT_NEAR(axis.at(10), 54, 1e-9);
}

TEST(Plot, LeavesOutWhatHasNoPlace) {
  Plot plot{.title = "t", .x_label = "x", .y_label = "y", .is_x_logarithmic = true, .series = {}};
  plot.series.push_back({.name = "s", .points = {{0, 1}, {-1, 2}}});
  EXPECT_EQ(plot_svg(plot), "");
  plot.series[0].points.emplace_back(10, std::nan(""));
  EXPECT_EQ(plot_svg(plot), "");
  plot.series[0].points.emplace_back(10, 3);
  EXPECT_THAT(plot_svg(plot), HasSubstr("<path class=\"line\""));
}

TEST(Confusion, ShowsTheClassesWithTheMostErrors) {
  const Confusion confusion{"val", {"a", "b", "c"}, {{5, 0, 0}, {1, 3, 1}, {2, 0, 3}}};
  const std::string svg = confusion_svg(confusion, 2);
  EXPECT_THAT(svg, HasSubstr("The 2 of 3 classes"));
  EXPECT_THAT(svg, Not(HasSubstr(">a</text>")));
  EXPECT_THAT(svg, HasSubstr("b taken for c: 1 of 5"));
}

}  // namespace
}  // namespace vit
