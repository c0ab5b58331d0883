// vit-sweep: what is said before the first run starts.
#include "sweeping.hpp"

#include <gmock/gmock.h>

#include <tuple>

namespace vit::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SweepChecks : public Sweeping {};

// What is wrong with the data is said before any compute is spent. Printed commands may be for
// another machine, where the data are.
TEST_F(SweepChecks, DataAreCheckedFirst) {
  const std::string select = "select: {train: 'train[:75%]', val: 'train[75%:]', seeds: [0], ";
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"axes: {data.val: [val, nowhere]}", "there is no split 'nowhere'", "val=nowhere"},
      {kRates + select + "test: tset}", "there is no split 'tset'", "lr=0.001"},
      {kRates + "select: {train: 'train[:75%]', val: 'vla[:9]', retrain: ''}",
       "there is no split 'vla'", "lr=0.001"},
      {"axes: {data: [{name: folder, root: gone}]}", "gone", "data=name-folder,-root-gone"},
      {kRates + "select: {train: 'train[:90%]', val: 'train[50%:]', test: val}",
       "38 examples are both in select.train 'train[:90%]' and in select.val 'train[50%:]'",
       "lr=0.001"},
      {kRates + select + "test: val, retrain: 'train+val[:50%]'}",
       "20 examples are both in select.retrain 'train+val[:50%]' and in select.test 'val'",
       "lr=0.001"},
      {kRates + "select: {train: 'train[:75%]', val: 'train[75%:]+val[:1]', test: val}",
       "1 example is both in select.val 'train[75%:]+val[:1]' and in select.test 'val'",
       "lr=0.001"}};
  for (const auto& [text, named, name] : cases) {
    write_sweep(kQuick + text + "\n");
    for (const Words& action : {Words{}, Words{"--dry-run"}}) {
      const Outcome outcome = sweep(action);
      EXPECT_EQ(outcome.exit_code, 3) << text << outcome;
      EXPECT_THAT(outcome.err, StartsWith("error: "));
      EXPECT_THAT(outcome.err, HasSubstr(named)) << text;
      EXPECT_THAT(outcome.err, HasSubstr("for the run '" + name + "'")) << text;
      EXPECT_FALSE(fs::exists(dir_ / "out")) << text;
    }
    EXPECT_EQ(sweep({"--print-commands"}).exit_code, 0) << text;
  }
}

TEST_F(SweepChecks, PointsThatAreDoneNeedNoData) {
  write_pets(8, {"train", "val"});
  write_sweep(kTwoRates);
  const Words data = sets({"set.data={name: folder, root: pets}"});
  ASSERT_EQ(sweep(data).exit_code, 0);
  fs::remove_all(dir_ / "pets");
  EXPECT_EQ(sweep(data).exit_code, 0);
  EXPECT_EQ(sweep(data + Words{"--dry-run"}).exit_code, 0);
}

TEST_F(SweepChecks, BadInputIsASentence) {
  const std::vector<std::tuple<std::string, Words, std::string>> cases = {
      {kQuick + "axes: {schedule.lrr: [1]}", {}, "did you mean 'lr'?"},
      {kQuick + "axes: {schedule.lr: []}", {}, "an empty grid"},
      {kQuick, {}, "there is nothing to run"},
      {kQuick + "axes: {schedule.lr: [1, 1.0]}", {}, "are the same run"},
      {kQuick + "axis: {}", {}, "did you mean 'axes'?"},
      {"base: [nowhere]\nseeds: [1]", {}, "nowhere"},
      {"program: finetune\nseeds: [1]", {}, "weights: must be given"},
      {"program: evaluate\nseeds: [1]", {}, "program"},
      {kTwoRates + "select: {val: test}", {}, "which is for the test"},
      {kTwoRates, {"--jobs", "0"}, "--jobs"},
      {kTwoRates, {"--jobs", "99999"}, "1 to 1024"},
      {kTwoRates, {"--jbos", "2"}, "'--jobs'"},
      {kTwoRates, {"--out", "full"}, "holds no sweep"}};
  write_file(dir_ / "full" / "thesis.tex", "mine");
  for (const auto& [text, more, named] : cases) {
    write_sweep(text);
    const bool elsewhere = !more.empty() && more[0] == "--out";
    const Outcome outcome = elsewhere ? call("vit-sweep", Words{"s.yaml"} + more) : sweep(more);
    EXPECT_EQ(outcome.exit_code, 2) << text << outcome;
    EXPECT_THAT(outcome.err, StartsWith("error: "));
    EXPECT_THAT(outcome.err, HasSubstr(named)) << text;
    EXPECT_EQ(outcome.out, "");
    EXPECT_FALSE(fs::exists(dir_ / "out"));
  }
  const Outcome missing = call("vit-sweep", {"mini_scalign"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("did you mean 'sweeps/mini_scaling'?"));
  EXPECT_THAT(missing.err, Not(HasSubstr("quickstart"))) << "sweeps alone";
  EXPECT_THAT(call("vit-sweep", {}).err, HasSubstr("needs a sweep file"));
  EXPECT_THAT(call("vit-sweep", {"--help-config"}).out, HasSubstr("axes"));
  EXPECT_EQ(names_in(dir_ / "full"), Words{"thesis.tex"});
}

TEST_F(SweepChecks, ShippedSweepsAreValid) {
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(VIT_SOURCE_DIR) / "configs/sweeps")) {
    const bool tunes = read_file(entry.path()).find("program: finetune") != std::string::npos;
    if (tunes && !fs::exists(dir_ / "run")) {
      ASSERT_EQ(call("vit-train", smoke("run", {"steps=1 steps"})).exit_code, 0);
      write_pets();
    }
    const Outcome outcome =
        call("vit-sweep", Words{"sweeps/" + entry.path().stem().string(), "--print-commands"} +
                              (tunes ? sets({"weights=run", "data=pets"}) : Words{}));
    EXPECT_EQ(outcome.exit_code, 0) << entry.path() << outcome;
    ++seen;
  }
  EXPECT_GE(seen, 4);
}

}  // namespace
}  // namespace vit::test
