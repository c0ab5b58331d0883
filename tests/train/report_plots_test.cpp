// The drawings of a report.
#include "train/report/axis.hpp"
#include "train/report/html.hpp"
#include "train/report/labels.hpp"
#include "train/report/plot.hpp"
#include "train/report/summary_plots.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vit {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A run on `images` images of a model of `width` (0: a ResNet).
RunFacts run_on(const std::string& name, int64_t images, int width, double top1) {
  RunFacts run;
  run.name = name;
  run.model = width > 0 ? "vit" : "bit";
  run.recipe = {{"model.width", std::to_string(width)}, {"schedule.lr", "0.1"}};
  run.training_images = images;
  run.exaflops_in_all = 1e-6;
  run.best = StoredScore{.top1 = top1, .top5 = 0, .loss = 0, .weights = "raw"};
  StoredProbe probe{.probe = "few_shot", .split = "val", .weights = "raw", .summary = {}};
  probe.summary.top1.mean = top1 / 2;
  run.probes = {probe};
  return run;
}

TEST(DataPlot, HasALineARecipeAndMeansOfSeeds) {
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

// The two rates of each size are two lines, named by what tells them apart: the runs' names where
// they do, else the settings.
TEST(DataPlot, DoesNotMixRecipes) {
  const auto with_rate = [](const std::string& name, int64_t images, const std::string& rate) {
    RunFacts run = run_on(name, images, 64, 0.5);
    run.recipe.back().second = rate;
    run.probes.clear();
    return run;
  };
  const auto names_of = [](const std::vector<RunFacts>& runs) {
    std::vector<std::string> names;
    for (const Series& series : data_plot(runs).series) names.push_back(series.name);
    return names;
  };
  EXPECT_THAT(
      names_of({with_rate("lr=1,images=few", 100, "1"), with_rate("lr=2,images=few", 100, "2"),
                with_rate("lr=1,images=more", 900, "1"), with_rate("lr=2,images=more", 900, "2")}),
      ElementsAre("lr=1", "lr=2"));
  EXPECT_THAT(names_of({with_rate("a", 100, "1"), with_rate("b", 100, "2"),
                        with_rate("c", 900, "1"), with_rate("d", 900, "2")}),
              ElementsAre("schedule.lr=1", "schedule.lr=2"));
  EXPECT_THAT(names_of({with_rate("a", 100, "1"), with_rate("b", 900, "1")}), ElementsAre("vit"));
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
  EXPECT_THAT(plot_svg(plot), AllOf(HasSubstr("\">vit</text>"), HasSubstr("\">hybrid</text>")));
}

TEST(ComputePlot, NamesWhatItLeavesOut) {
  RunFacts a = run_on("a", 900, 64, 0.5), b = run_on("b", 900, 64, 0.5);
  EXPECT_EQ(left_out_of_compute({a, b}), "");
  a.exaflops_in_all = b.exaflops_in_all = std::nullopt;
  a.unknown_cost = b.unknown_cost = "why";
  RunFacts untested = a;
  untested.best.reset();
  EXPECT_EQ(left_out_of_compute({a, untested, b}), "not shown: a, b (why)");
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
  EXPECT_THAT(plot_svg(plot), HasSubstr("<circle"));
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// A path of one point draws nothing.
TEST(Plot, ShowsASinglePointOfALine) {
  Plot plot{.title = "t", .x_label = "x", .y_label = "y", .series = {}};
  plot.series.push_back({.name = "one", .points = {{1, 1}}});
  plot.series.push_back({.name = "two", .points = {{1, 1}, {2, 2}}});
  const std::string svg = plot_svg(plot);
  EXPECT_EQ(count(svg, "<circle"), 1U);
  EXPECT_EQ(count(svg, "<path class=\"line\""), 1U);
  EXPECT_THAT(svg, HasSubstr("<title>one</title></circle>"));
}

// Runs beyond the seventh have marks on their lines.
TEST(Plot, TellsTwentyEightLinesApart) {
  std::set<std::string> looks;
  for (size_t number = 0; number < 28; ++number) {
    Plot plot{.title = "t", .x_label = "x", .y_label = "y", .series = {}};
    plot.series.push_back({.name = "s", .points = {{1, 1}, {2, 2}}, .color = number});
    looks.insert(plot_svg(plot));
  }
  EXPECT_EQ(looks.size(), 28U);
}

Plot points_at(const std::vector<std::pair<double, double>>& points) {
  Plot plot{
      .title = "t", .x_label = "x", .y_label = "y", .marks = Plot::Marks::kPoints, .series = {}};
  for (size_t i = 0; i < points.size(); ++i)
    plot.series.push_back({.name = fmt::format("run {}", i), .points = {points[i]}});
  return plot;
}

// Twelve points in one place: some have their names beside them, all under the pointer.
TEST(Plot, LeavesOutNamesThatDoNotFit) {
  const std::string apart = plot_svg(points_at({{0, 0}, {5, 5}, {9, 9}}));
  EXPECT_EQ(count(apart, ">run "), 6U);
  const std::string crowd =
      plot_svg(points_at(std::vector<std::pair<double, double>>(12, {5.0, 5.0})));
  EXPECT_EQ(count(crowd, "<title>run "), 12U);
  EXPECT_EQ(count(crowd, "\">run "), 6U);
}

TEST(LabelPlaces, DoNotOverlap) {
  LabelPlaces places({0, 0, 300, 300});
  const auto first = places.place(150, 150, "name", false),
             second = places.place(150, 150, "name", false);
  ASSERT_TRUE(first && second);
  EXPECT_STREQ(first->style, "name");
  EXPECT_STREQ(second->style, "y");
  EXPECT_STREQ(places.place(295, 100, "name", false)->style, "y") << "inside of the frame";
  EXPECT_FALSE(places.place(10, 50, std::string(100, 'w'), false));
  LabelPlaces full({0, 0, 300, 300});
  full.keep_free({0, 0, 300, 300});
  EXPECT_FALSE(full.place(150, 150, "name", false));
}

TEST(HtmlText, ReplacesWhatNoPageMayHold) {
  EXPECT_EQ(html_text("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
  EXPECT_EQ(html_text("na\u00efve \u2713 \U0001f600\n"), "na\u00efve \u2713 \U0001f600\n");
  EXPECT_EQ(html_text("a\x01"
                      "b\x7f"),
            "a\ufffd"
            "b\ufffd");
  EXPECT_EQ(html_text("caf\xe9"), "caf\ufffd") << "Latin-1";
  EXPECT_EQ(html_text("\xc3"), "\ufffd") << "cut off";
  EXPECT_EQ(html_text("\xc0\xaf"), "\ufffd\ufffd") << "a longer form of '/'";
  EXPECT_EQ(html_text("\xed\xa0\x80"), "\ufffd") << "a surrogate";
}

TEST(Shortened, KeepsTheBeginning) {
  EXPECT_EQ(shortened("tabby cat", 9), "tabby cat");
  EXPECT_EQ(shortened("tabby cats", 9), "tabby ca\u2026");
  EXPECT_EQ(shortened("\u00e4\u00f6\u00fc\u00df", 3), "\u00e4\u00f6\u2026");
}

TEST(Confusion, CutsOffLongNames) {
  const std::string name = "Old English sheepdog, bobtail";
  const std::string svg = confusion_svg({"val", {"cat", name}, {{1, 0}, {0, 1}}});
  EXPECT_EQ(count(svg, ">Old Engl"), 5U) << "two labels, and three times under the pointer";
  EXPECT_EQ(count(svg, "\u2026<title>" + name + "</title></text>"), 2U);
  EXPECT_THAT(svg, HasSubstr(">cat</text>"));
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
