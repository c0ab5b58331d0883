// The grid of a sweep, what its points are called, how they stand and which is chosen.
#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "support/temp_dir.hpp"
#include "train/spread.hpp"
#include "train/sweep/grid.hpp"
#include "train/sweep/plan.hpp"
#include "train/sweep/report.hpp"
#include "train/sweep/selection.hpp"
#include "train/sweep/standing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace vit {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

SweepConfig sweep(const std::string& text) {
  return config::read<SweepConfig>(config::Document::from_text(text, "s.yaml", "/sweeps"));
}

std::vector<std::string> names(const std::vector<SweepPoint>& points) {
  std::vector<std::string> names;
  for (const SweepPoint& point : points) names.push_back(point.name);
  return names;
}
std::vector<std::string> names_of(const std::string& text) { return names(grid_of(sweep(text))); }

// What a point sets, later keys over earlier ones.
std::map<std::string, std::string> settings(const SweepPoint& point) {
  std::map<std::string, std::string> result;
  for (const Assignment& each : point.assignments) result[each.key] = each.text;
  return result;
}

std::string problem_of(const std::string& text) {
  try {
    grid_of(sweep(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(Grid, IsTheProductOfItsAxesAndSeeds) {
  EXPECT_THAT(
      names_of("axes: {schedule.lr: [0.1, 1e-2], model.name: [a, b]}\nseeds: [0, 3]"),
      ElementsAre("lr=0.1,model=a,seed=0", "lr=0.1,model=a,seed=3", "lr=0.1,model=b,seed=0",
                  "lr=0.1,model=b,seed=3", "lr=1e-2,model=a,seed=0", "lr=1e-2,model=a,seed=3",
                  "lr=1e-2,model=b,seed=0", "lr=1e-2,model=b,seed=3"));
  EXPECT_THAT(names_of("seeds: [0, 1]"), ElementsAre("seed=0", "seed=1"));
  EXPECT_THAT(names_of("axes: {clip.norm: [1]}"), ElementsAre("norm=1"));
}

TEST(Grid, SetsKeysInOrderWithTheirPlaces) {
  const auto points =
      grid_of(sweep("set: {steps: 5 steps}\n"
                    "axes:\n"
                    "  size:\n"
                    "    small: {model.width: 64, steps: 9 steps}\n"
                    "  average: [{name: ema, decay: 0.5}]\n"
                    "seeds: [7]"));
  ASSERT_EQ(points.size(), 1U);
  const SweepPoint& point = points[0];
  EXPECT_EQ(point.name, "size=small,average=name-ema,-decay-0.5,seed=7");
  EXPECT_EQ(point.group, "size=small,average=name-ema,-decay-0.5");
  EXPECT_THAT(point.values, ElementsAre(std::pair("size", "small"),
                                        std::pair("average", "{name: ema, decay: 0.5}")));
  std::string set;
  for (const Assignment& each : point.assignments) set += each.key + "=" + each.text + ";";
  EXPECT_EQ(set,
            "steps=5 steps;model.width=64;steps=9 steps;average={name: ema, decay: 0.5};seed=7;");
  EXPECT_EQ(point.assignments[1].place, "s.yaml:4:13");
  EXPECT_EQ(point.assignments[1].folder, "/sweeps");
}

TEST(Grid, NamesAreFitForFoldersAndDiffer) {
  const std::string long_value(300, 'x'), other = std::string(299, 'x') + "y";
  const auto points = names_of("axes: {data.root: [/a b, '/a/b', \"/a\\nb\", " + long_value + ", " +
                               other + ", '', ..]}");
  EXPECT_EQ(std::set(points.begin(), points.end()).size(), points.size());
  EXPECT_EQ(points[0], "root=a-b");
  EXPECT_THAT(points[1], testing::MatchesRegex("root=a-b~[0-9a-f]{6}"));
  for (const std::string& name : points) {
    EXPECT_LE(name.size(), 200U);
    EXPECT_EQ(name.find_first_of("/ \n\"'\\"), std::string::npos) << name;
  }
  EXPECT_EQ(names_of("axes: {data.root: [/a b]}")[0], points[0]) << "others change no name";
  // Two axes of the same last word are called by their keys.
  EXPECT_THAT(names_of("axes: {model.name: [a], average.decay: [1], optimizer.decay: [2]}"),
              ElementsAre("model=a,average.decay=1,optimizer.decay=2"));
  std::string many = "axes: {";
  for (int i = 0; i < 12; ++i)
    many += "k" + std::to_string(i) + ": [" + std::string(39, 'a') + std::to_string(i) + "], ";
  EXPECT_LE(names_of(many + "}\nseeds: [1]")[0].size(), 200U);
}

TEST(Grid, RefusesWhatIsNoGrid) {
  EXPECT_THAT(problem_of("set: {steps: 5 steps}"), HasSubstr("s.yaml:1:1: axes: no axes and no"));
  EXPECT_THAT(problem_of("axes: {a.b: []}"), HasSubstr("s.yaml:1:8: axes.a.b: has no values"));
  EXPECT_THAT(problem_of("axes: {a.b: {}}"), HasSubstr("axes.a.b: has no values"));
  EXPECT_THAT(problem_of("axes: {a.b: 3}"), HasSubstr("write [3]"));
  EXPECT_THAT(problem_of("axes: {a: {b: 3}}"), HasSubstr("axes.a.b: expected the keys"));
  EXPECT_THAT(problem_of("axes: {seed: [1, 2]}"), HasSubstr("write seeds: [0, 1, 2]"));
  EXPECT_THAT(problem_of("axes: [1]"), HasSubstr("axes: expected keys and values, got a list"));
  EXPECT_THAT(problem_of("seeds: [1, 1]"), HasSubstr("seeds: names a seed twice"));
  EXPECT_THAT(problem_of("seeds: [-1]"), HasSubstr("seeds"));
  EXPECT_THAT(problem_of("axs: {}"), HasSubstr("did you mean 'axes'"));
  std::string many = "axes: {";
  for (const char* key : {"a", "b", "c", "d", "e"})
    many += std::string(key) + ": [1, 2, 3, 4, 5, 6, 7, 8], ";
  EXPECT_THAT(problem_of(many + "}"), HasSubstr("more than 10000 points"));
}

TEST(Grid, AnAxisWithoutValuesIsEmpty) {
  EXPECT_THAT(problem_of("axes: {schedule.lr: }"), HasSubstr("an empty grid"));
}

TEST(Grid, RefusesASelectionThatSeesTheTest) {
  const std::string start = "axes: {schedule.lr: [1]}\n";
  EXPECT_EQ(problem_of(start + "select: {}"), "none");
  for (const char* select :
       {"select: {val: 'test[:50%]'}", "select: {val: test}", "select: {train: 'test[:9%]'}",
        "select: {retrain: test}", "select: {test: 'train[99%:]'}"}) {
    EXPECT_THAT(problem_of(start + select), HasSubstr("which is for the test")) << select;
  }
  EXPECT_THAT(problem_of(start + "select: {train: train}"), HasSubstr("shares examples"));
  EXPECT_THAT(problem_of("set: {data.val: test}\n" + start + "select: {}"),
              HasSubstr("data.val is decided by select"));
  EXPECT_THAT(problem_of("axes: {data.train: [a]}\nselect: {}"), HasSubstr("decided by select"));
  EXPECT_THAT(problem_of("set: {data: {name: folder, val: test}}\n" + start + "select: {}"),
              HasSubstr("data.val is decided by select"));
  EXPECT_THAT(problem_of("axes: {data: [{train: a}, {train: b}]}\nselect: {}"),
              AllOf(HasSubstr("1 problem in"), HasSubstr("data.train is decided by select")));
}

// The points of a selection see the two parts of train; the test appears in the last runs only, and
// there in one evaluation, at the end, that nothing depends on.
TEST(Grid, OnlyTheLastRunsSeeTheTest) {
  const SweepConfig config = sweep(
      "axes: {schedule.lr: [1, 2]}\nseeds: [5]\n"
      "select: {train: 'train[:75%]', val: 'train[75%:]', test: val, seeds: [0, 1]}");
  const auto points = grid_of(config);
  for (const SweepPoint& point : points) {
    const auto set = settings(point);
    EXPECT_EQ(set.at("data.train"), "\"train[:75%]\"");
    EXPECT_EQ(set.at("data.val"), "\"train[75%:]\"");
    for (const auto& [key, text] : set) EXPECT_NE(text, "\"val\"") << key;
  }
  const auto last = final_points(*config.select, points[1]);
  EXPECT_THAT(names(last), ElementsAre("final/lr=2,seed=0", "final/lr=2,seed=1"));
  const auto set = settings(last[1]);
  EXPECT_EQ(set.at("schedule.lr"), "2");
  EXPECT_EQ(set.at("data.train"), "\"train\"");
  EXPECT_EQ(set.at("data.val"), "\"val\"");
  EXPECT_EQ(set.at("eval.every"), "0 steps");
  EXPECT_EQ(set.at("run.patience"), "0");
  EXPECT_EQ(set.at("checkpoint.keep_best"), "0");
  EXPECT_EQ(set.at("seed"), "1");
  EXPECT_THAT(final_points(*sweep("seeds: [1]\nselect: {retrain: ''}").select, points[0]),
              testing::IsEmpty());
}

// ---- which is chosen

Standing done(double top1, double loss = 1, double best = 1) {
  Standing standing;
  standing.state = Standing::State::kDone;
  standing.last = StoredScore{top1, top1, loss, 10, 100, "raw"};
  standing.best = StoredScore{best, best, loss, 5, 100, "raw"};
  return standing;
}

TEST(Selection, SpreadIsThatOfASample) {
  const Spread three = spread_of(std::vector{1.0, 2.0, 6.0});
  EXPECT_DOUBLE_EQ(three.mean, 3);
  EXPECT_DOUBLE_EQ(three.std, std::sqrt(7.0));  // (4 + 1 + 9) / 2
  EXPECT_DOUBLE_EQ(spread_of(std::vector{4.0}).std, 0);
  EXPECT_EQ(spread_of({}).n, 0U);
}

TEST(Selection, TakesTheBestMeanOverSeeds) {
  const auto groups = groups_of(std::vector<std::string>{"a", "b", "a", "b", "c"});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_THAT(groups[0].runs, ElementsAre(0U, 2U));
  std::vector<Standing> runs = {done(0.9, 3), done(0.6, 1), done(0.2, 3), done(0.6, 2),
                                done(0.6, 1.5, 0.7)};
  SelectConfig select;
  EXPECT_EQ(best_group(groups, runs, select), 1U) << "the first of equals";
  select.metric = SweepMetric::kLoss;
  EXPECT_EQ(best_group(groups, runs, select), 1U) << "the lowest loss";
  runs[4].last->loss = 1.25;
  EXPECT_EQ(best_group(groups, runs, select), 2U);
  runs[3].state = Standing::State::kDiverged;
  select.metric = SweepMetric::kTop1;
  EXPECT_EQ(best_group(groups, runs, select), 2U) << "a point without a number is out";
  select.at = SweepMoment::kBest;
  EXPECT_EQ(best_group(groups, runs, select), 0U);
  for (Standing& run : runs) run.state = Standing::State::kDiverged;
  EXPECT_EQ(best_group(groups, runs, select), std::nullopt);
}

TEST(Selection, AveragedWeightsCountWhereThereAreAny) {
  Standing run = done(0.5);
  EXPECT_EQ(value_of(run, {}), 0.5);
  run.last_average = StoredScore{0.25, 0.5, std::nan(""), 10, 100, "average"};
  EXPECT_EQ(value_of(run, {}), 0.25);
  SelectConfig loss;
  loss.metric = SweepMetric::kLoss;
  EXPECT_EQ(value_of(run, loss), std::nullopt) << "not a number";
}

// ---- how a point stands

class Standings : public testing::Test {
 protected:
  void leave(const std::string& summary,
             const std::string& config = "data: synthetic\nsteps: 5 steps\n") const {
    fs::create_directories(dir_ / "checkpoints");
    write_atomically(dir_ / "config.yaml", config);
    write_atomically(dir_ / "summary.json", summary);
  }
  Standing now(const std::string& config = "data: synthetic\nsteps: 5 steps\n") const {
    return standing_of(dir_.path(),
                       read_run_config(config::Document::from_text(config, "now.yaml")));
  }
  const test::TempDir dir_;
};

TEST_F(Standings, AreReadFromWhatARunLeft) {
  using enum Standing::State;
  EXPECT_EQ(now().state, kNew);
  const std::pair<const char*, Standing::State> cases[] = {
      {R"({"status": "done", "exit": 0})", kDone},
      {R"({"status": "early_stopped", "exit": 0})", kDone},
      {R"({"status": "interrupted", "exit": 130})", kStarted},
      {R"({"status": "time_limit", "exit": 75})", kStarted},
      {R"({"status": "diverged", "exit": 5})", kDiverged},
      {R"({"status": "failed", "exit": 3, "message": "no"})", kFailed},
      {"", kStarted},
      {"[1", kStarted},
      {R"({"status": 7})", kStarted}};
  for (const auto& [summary, state] : cases) {
    leave(summary);
    EXPECT_EQ(now().state, state) << summary;
  }
}

TEST_F(Standings, HoldTheNumbers) {
  leave(R"({"status": "done", "exit": 0, "wall_s": 2.5,
            "best": {"top1": 0.5, "loss": 1.5, "step": 3, "n": 40, "weights": "average"},
            "last": {"top1": 0.25, "loss": null, "step": 5}, "last_average": null})");
  const Standing standing = now();
  EXPECT_EQ(standing.best->top1, 0.5);
  EXPECT_EQ(standing.best->step, 3);
  EXPECT_EQ(standing.best->weights, "average");
  EXPECT_EQ(standing.final_score()->top1, 0.25);
  EXPECT_TRUE(std::isnan(standing.last->loss));
  EXPECT_FALSE(standing.last_average);
  EXPECT_EQ(standing.wall_s, 2.5);
}

TEST_F(Standings, ChangesThatMakeAnotherRunAreNamed) {
  leave(R"({"status": "done", "exit": 0})");
  EXPECT_EQ(now("data: synthetic\nsteps: 5 steps\nlog: {every: 3 steps}").state,
            Standing::State::kDone);
  const Standing changed = now("data: synthetic\nsteps: 6 steps\n");
  EXPECT_EQ(changed.state, Standing::State::kChanged);
  EXPECT_EQ(changed.message, "steps: 5 steps -> 6 steps");
  leave(R"({"status": "done", "exit": 0})", "data: synthetic\nstps: 5 steps\n");
  EXPECT_THAT(now().message, HasSubstr("cannot be read any more"));
  fs::remove_all(dir_ / "checkpoints");
  EXPECT_EQ(now().state, Standing::State::kNew) << "nothing would be lost";
}

TEST_F(Standings, ProgressIsInTheMetrics) {
  EXPECT_FALSE(progress_of(dir_.path()));
  std::string lines = R"({"kind":"header","total_steps":5000})";
  for (int step = 0; step < 900; ++step)
    lines += "\n{\"kind\":\"train\",\"step\":" + std::to_string(step) + "}";
  write_atomically(dir_ / "metrics.jsonl", lines + "\n{\"kind\":\"train\",\"st");
  EXPECT_EQ(progress_of(dir_.path())->total_steps, 5000);
  EXPECT_EQ(progress_of(dir_.path())->step, 899);
}

// ---- from points to runs

class Plan : public testing::Test {
 protected:
  std::vector<SweepRun> plan(const std::string& text) {
    request_.file = dir_ / "s.yaml";
    request_.document = config::Document::from_text(text, request_.file.string(), dir_.path());
    request_.shipped = {fs::path(VIT_SOURCE_DIR) / "configs"};
    const auto config = config::read<SweepConfig>(request_.document);
    return SweepPlanner(request_, config, dir_ / "out").plan(grid_of(config));
  }
  std::string problem(const std::string& text) {
    try {
      plan(text);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }
  const test::TempDir dir_;
  SweepRequest request_;
};

TEST_F(Plan, EveryPointIsCheckedFirst) {
  EXPECT_EQ(problem("base: [smoke]\naxes: {schedule.lr: [0.1]}"), "none");
  const std::string text =
      problem("base: [smoke]\naxes:\n  schedule.lrr: [0.1, 0.2]\n  clip.norm: [1, -1]\n");
  EXPECT_THAT(text, HasSubstr("s.yaml:3:18: schedule.lrr: unknown key; did you mean 'lr'? (an axis "
                              "of this sweep)"));
  EXPECT_THAT(text, HasSubstr("s.yaml:4:18: clip.norm: must be >= 0, got -1"));
  EXPECT_THAT(text, testing::StartsWith("2 problems")) << "each once: " << text;
  EXPECT_THAT(problem("base: [smoke]\naxes: {model.name: [vit_b61]}"), HasSubstr("'vit_b16'"));
  EXPECT_THAT(problem("base: [smok]\nseeds: [1]"), HasSubstr("did you mean 'smoke'"));
}

TEST_F(Plan, TheSamePointTwiceIsRefused) {
  EXPECT_THAT(problem("base: [smoke]\naxes: {schedule.lr: [0.01, 1e-2]}"),
              HasSubstr("the points 'lr=0.01' and 'lr=1e-2' are the same run"));
}

// Relative paths start at the file they are in; the process sees them from where it runs.
TEST_F(Plan, PathsStartAtTheFile) {
  write_atomically(dir_ / "own.yaml", "extends: smoke\ndata: {name: folder, root: x}\n");
  const auto runs =
      plan("base: [own.yaml]\nset: {data.root: images, data: {exclude: names.txt}}\nseeds: [1]");
  ASSERT_EQ(runs.size(), 1U);
  const std::string root = (dir_ / "images").string(), names = (dir_ / "names.txt").string();
  EXPECT_THAT(config::write(runs[0].config), HasSubstr("root: " + root));
  EXPECT_THAT(runs[0].words, testing::Contains("data.root=" + root));
  EXPECT_THAT(runs[0].words, testing::Contains("data.exclude=" + names));
  EXPECT_THAT(runs[0].words, testing::Contains((dir_ / "own.yaml").string()));
}

}  // namespace
}  // namespace vit
