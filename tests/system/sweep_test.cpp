// vit-sweep: every point a run of its own, done once, resumed, refused or reported; and a choice
// that does not see the test.
#include "sweeping.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Sweeping, RunsEveryPointOnceAndReports) {
  write_sweep(kTwoRates + "seeds: [0, 1]\n");
  const Outcome outcome = sweep({"--jobs", "2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  const Words names = {"lr=0.001,seed=0", "lr=0.001,seed=1", "lr=0.01,seed=0", "lr=0.01,seed=1"};
  for (const std::string& name : names) {
    EXPECT_EQ(status(name), "done");
    EXPECT_THAT(outcome.out, HasSubstr(name));
  }
  EXPECT_THAT(outcome.out, ContainsRegex("lr=0.01 +\\W+ +2 of 2")) << "means over the seeds";
  const Json results = result();
  ASSERT_EQ(results["points"].size(), 4U);
  const Json& last = results["points"][3];
  EXPECT_EQ(last["point"], names[3]);
  EXPECT_EQ(last["values"]["schedule.lr"], "0.01");
  EXPECT_EQ(last["last"]["top1"], json_file(point(names[3]) / "summary.json")["last"]["top1"]);
  const std::string csv = read_file(dir_ / "out" / "sweep.csv");
  EXPECT_THAT(csv, StartsWith("point,stage,schedule.lr,seed,status,best_top1"));
  EXPECT_THAT(csv, HasSubstr(",wall_s,run,params,macs,exaflops\n"));
  EXPECT_THAT(csv, HasSubstr("\n\"lr=0.01,seed=1\",point,0.01,1,done,"));
  for (const char* cost : {"params", "macs", "exaflops"}) {
    EXPECT_TRUE(last[cost].is_number()) << cost;
    EXPECT_EQ(last[cost], json_file(point(names[3]) / "summary.json")[cost]);
  }

  const auto before = snapshot(dir_ / "out");
  const Outcome again = sweep();
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_EQ(again.out, outcome.out) << "the same table, from the files";
  EXPECT_EQ(snapshot(dir_ / "out"), before) << "nothing ran";
}

TEST_F(Sweeping, PrintedCommandsAreWhatRuns) {
  write_sweep(kTwoRates + "seeds: [0]\n");
  const Outcome printed = sweep({"--print-commands"});
  EXPECT_EQ(printed.exit_code, 0) << printed;
  EXPECT_FALSE(fs::exists(dir_ / "out")) << "printing makes nothing";
  const Outcome ran = run({"/bin/sh", {"-e", "-c", printed.out}, dir_.path(), {}});
  EXPECT_EQ(ran.exit_code, 0) << ran << printed;
  EXPECT_EQ(status("lr=0.01,seed=0"), "done");
  EXPECT_EQ(sweep({"--print-commands"}).out, "") << "nothing is left to run";
  const Outcome collected = sweep();
  EXPECT_EQ(collected.exit_code, 0) << collected;
  EXPECT_EQ(sessions("lr=0.01,seed=0"), 1U);
  EXPECT_EQ(result()["points"].size(), 2U);

  // The same from the sweep itself, word for word but for the folder.
  const Outcome own = call("vit-sweep", {"s.yaml", "--out", "own"});
  EXPECT_EQ(own.exit_code, 0) << own;
  std::string theirs = meta("lr=0.01,seed=0")["sessions"][0]["argv"].dump();
  std::string ours = json_file(dir_ / "own/lr=0.01,seed=0/meta.json")["sessions"][0]["argv"].dump();
  const size_t place = ours.find("/own/");
  ASSERT_NE(place, std::string::npos);
  EXPECT_EQ(ours.replace(place, 5, "/out/"), theirs);
  EXPECT_EQ(checksum_in(dir_ / "own/lr=0.01,seed=0/checkpoints/last", "model.safetensors"),
            checksum_in(point("lr=0.01,seed=0") / "checkpoints/last", "model.safetensors"));
}

TEST_F(Sweeping, DryRunListsThePoints) {
  write_sweep(kTwoRates);
  const Outcome outcome = sweep({"--dry-run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, ContainsRegex("lr=0.001 +to run"));
  EXPECT_THAT(outcome.out, ContainsRegex("lr=0.01 +to run"));
  EXPECT_FALSE(fs::exists(dir_ / "out"));
}

TEST_F(Sweeping, AnInterruptSavesEveryRunAndSaysHowToGoOn) {
  const auto process = start_long({"--jobs", "2"});
  ASSERT_TRUE(process->wait_until([&] { return reports("lr=0.01") > 1; }));
  process->send(SIGINT);
  const Outcome outcome = process->wait();
  EXPECT_EQ(outcome.exit_code, 130) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("continue with: vit-sweep s.yaml --out out"));
  for (const char* name : {"lr=0.001", "lr=0.01"}) {
    EXPECT_EQ(status(name), "interrupted");
    EXPECT_TRUE(fs::exists(point(name) / "checkpoints/last"));
  }
  const Outcome listed = sweep({"--dry-run", "--set", "set.steps=100000 steps"});
  EXPECT_THAT(listed.out, ContainsRegex("lr=0.001 +goes on"));
}

TEST_F(Sweeping, ARunThatIsStoppedStopsTheSweep) {
  write_sweep(kTwoRates);
  const Outcome outcome = sweep({"--set", "set.run.max_time=0.000001 s"});
  EXPECT_EQ(outcome.exit_code, 75) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("0 of 2 points are done"));
  EXPECT_FALSE(fs::exists(point("lr=0.01"))) << "no more were started";
  EXPECT_EQ(sweep().exit_code, 0) << "a limit may change: the run goes on";
  EXPECT_EQ(sessions("lr=0.001"), 2U);
}

// The sweep is killed, its run gets word and saves; the next sweep waits for that, and goes on.
TEST_F(Sweeping, KilledItGoesOn) {
  const auto process = start_long();
  process->send(SIGKILL);
  EXPECT_EQ(process->wait().signal, SIGKILL);
  Process second(
      command("vit-sweep", Words{"s.yaml", "--out", "out"} + sets({"set.steps=100000 steps"})));
  ASSERT_TRUE(second.wait_until([&] {
    const auto lines = json_lines(point("lr=0.001") / "metrics.jsonl");
    const auto headers = std::count_if(lines.begin(), lines.end(), [](const Json& line) {
      return line.is_object() && line.value("kind", "") == "header";
    });
    return headers == 2 && lines.back().value("kind", "") == "train";
  })) << second.wait();
  second.send(SIGTERM);
  EXPECT_EQ(second.wait().exit_code, 75);
  const auto lines = json_lines(point("lr=0.001") / "metrics.jsonl");
  const auto header = std::find_if(lines.begin() + 1, lines.end(), [](const Json& line) {
    return line.value("kind", "") == "header";
  });
  EXPECT_FALSE((*header)["resumed_from"].is_null()) << *header;
}

TEST_F(Sweeping, AKilledRunIsReportedAndTriedAgain) {
  auto process = start_long();
  kill(meta("lr=0.001")["sessions"][0]["pid"].get<int>(), SIGKILL);
  ASSERT_TRUE(process->wait_until([&] { return reports("lr=0.01") > 1; })) << "the others run";
  process->send(SIGTERM);
  const Outcome outcome = process->wait();
  EXPECT_THAT(outcome.err, HasSubstr("lr=0.001 failed (killed by signal 9"));
  EXPECT_EQ(outcome.exit_code, 75) << outcome;
}

TEST_F(Sweeping, AFailedPointEndsNothing) {
  write_pets(8, {"train", "val"});
  fs::copy(dir_ / "pets", dir_ / "torn", fs::copy_options::recursive);
  for (const auto& file : fs::recursive_directory_iterator(dir_ / "torn"))
    if (file.is_regular_file()) write_file(file.path(), "no picture");
  write_sweep(kQuick + "axes: {data.root: [torn, pets]}\n");
  const Words data = sets({"set.data={name: folder, root: pets}"});
  const Outcome outcome = sweep(data);
  EXPECT_EQ(outcome.exit_code, 7) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("error: 1 of 2 runs failed\n  root=torn: "));
  EXPECT_THAT(read_file(dir_ / "out/logs/root=torn.log"), HasSubstr("error: "));
  EXPECT_EQ(status("root=pets"), "done");
  EXPECT_EQ(result()["points"][0]["state"], "failed");
  EXPECT_THAT(outcome.out, ContainsRegex("root=torn .*failed"));
  const Outcome all = sweep(data + sets({"axes={data.root: [torn]}"}));
  EXPECT_EQ(all.exit_code, 3) << "the code of every run: " << all;
  EXPECT_THAT(all.err, HasSubstr("error: 1 of 1 runs failed"));
}

TEST_F(Sweeping, ADivergedPointHasNoNumber) {
  write_sweep(kQuick + "axes: {schedule.lr: [1.0e+30, 0.001]}\n");
  const Outcome outcome = sweep({"--set", "set.schedule.warmup=0 steps"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.out, ContainsRegex("lr=1.0e\\+30 .*diverged"));
  EXPECT_EQ(result()["points"][0]["state"], "diverged");
  EXPECT_EQ(sweep({"--set", "set.schedule.warmup=0 steps"}).exit_code, 0);
  EXPECT_EQ(sessions("lr=1.0e+30"), 1U) << "it would diverge again";
  const Outcome all =
      sweep({"--set", "set.schedule.warmup=0 steps", "--set", "axes={schedule.lr: [1.0e+30]}"});
  EXPECT_EQ(all.exit_code, 5) << all;
}

TEST_F(Sweeping, ChangedPointsAreRefusedOrStartedOver) {
  write_sweep(kTwoRates);
  ASSERT_EQ(sweep().exit_code, 0);
  const Words change = {"--set", "set.clip.norm=2"};
  const auto before = snapshot(dir_ / "out");
  for (const Words& action : {Words{}, Words{"--print-commands"}, Words{"--dry-run"}}) {
    const Outcome refused = sweep(change + action);
    EXPECT_EQ(refused.exit_code, 2) << refused;
    EXPECT_THAT(refused.err, HasSubstr("lr=0.01\n    clip.norm: 1.0 -> 2.0"));
    EXPECT_THAT(refused.err, HasSubstr("--rerun"));
  }
  EXPECT_EQ(snapshot(dir_ / "out"), before);
  EXPECT_EQ(sweep({"--set", "set.checkpoint.keep_last=5"}).exit_code, 0) << "no other run";
  EXPECT_EQ(sweep(change + Words{"--rerun"}).exit_code, 0);
  EXPECT_EQ(sweep(change).exit_code, 0);
  EXPECT_EQ(sessions("lr=0.01"), 1U) << "from the start";
  // One more value: one more run.
  EXPECT_EQ(sweep(change + sets({"axes={schedule.lr: [0.001, 0.01, 0.1]}"})).exit_code, 0);
  EXPECT_EQ(status("lr=0.1"), "done");
  EXPECT_EQ(sessions("lr=0.01"), 1U);
}

const std::string kSelection =
    "select: {train: 'train[:75%]', val: 'train[75%:]', test: val, seeds: [0, 1]}\n";

TEST_F(Sweeping, ChoosesRetrainsAndTests) {
  write_sweep(kQuick + "axes: {schedule.lr: [0.0, 0.01]}\n" + kSelection);
  const Outcome commands = sweep({"--print-commands"});
  EXPECT_THAT(commands.out, Not(HasSubstr("final"))) << "nothing is chosen yet";
  EXPECT_THAT(commands.err, HasSubstr("2 final runs follow once these are done"));
  const Outcome outcome = sweep();
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(meta("lr=0.01")["train"]["examples"], 72);
  EXPECT_EQ(meta("lr=0.01")["val"]["split"], "train[75%:]");
  const Json results = result();
  const bool second =
      results["points"][1]["last_average"]["top1"] > results["points"][0]["last_average"]["top1"];
  const std::string chosen = second ? "lr=0.01" : "lr=0.0";
  EXPECT_EQ(results["selection"]["chosen"], chosen);
  ASSERT_EQ(results["finals"].size(), 2U);
  double mean = 0;
  for (const char* seed : {"0", "1"}) {
    const std::string name = "final/" + chosen + ",seed=" + seed;
    EXPECT_EQ(meta(name)["train"]["examples"], 96);
    EXPECT_EQ(meta(name)["val"]["split"], "val");
    int evaluations = 0;
    for (const Json& line : json_lines(point(name) / "metrics.jsonl"))
      evaluations += line["kind"] == "eval" && line["weights"] == "raw" ? 1 : 0;
    EXPECT_EQ(evaluations, 1) << "the test is looked at once";
    mean += json_file(point(name) / "summary.json")["last_average"]["top1"].get<double>() / 2;
  }
  EXPECT_DOUBLE_EQ(results["selection"]["test_top1"]["mean"], mean);
  EXPECT_THAT(outcome.out, HasSubstr("chosen   " + chosen));
  EXPECT_THAT(outcome.out, ContainsRegex("test +top-1 [0-9.]+ .* on val, 2 runs"));
  const Outcome again = sweep();
  EXPECT_EQ(again.out, outcome.out);
  EXPECT_EQ(sweep({"--print-commands"}).out, "");
}

TEST_F(Sweeping, PrintedCommandsLeadToTheLastRuns) {
  write_sweep(kTwoRates + kSelection);
  for (const size_t lines : {2, 2, 0}) {  // the points, the last runs, nothing
    const Outcome printed = sweep({"--print-commands"});
    EXPECT_EQ(printed.exit_code, 0) << printed;
    EXPECT_EQ(static_cast<size_t>(std::count(printed.out.begin(), printed.out.end(), '\n')), lines);
    const Outcome ran = run({"/bin/sh", {"-e", "-c", printed.out}, dir_.path(), {}});
    EXPECT_EQ(ran.exit_code, 0) << ran << printed;
  }
  const Outcome collected = sweep();
  EXPECT_EQ(collected.exit_code, 0) << collected;
  EXPECT_EQ(result()["finals"].size(), 2U);
}

// The proof that a choice does not see the test: with pictures there that nobody can read, every
// point runs and the same one is chosen. Only its last run fails.
TEST_F(Sweeping, AChoiceDoesNotSeeTheTest) {
  write_pets(8, {"train", "test"});
  const std::string text = kQuick +
                           "axes: {schedule.lr: [0.0, 0.01]}\nselect: {train: 'train[:50%]', val: "
                           "'train[50%:]', test: test, seeds: [0]}\n";
  write_sweep(text);
  const Words data = sets({"set.data={name: folder, root: pets}"});
  const Outcome whole = sweep(data);
  EXPECT_EQ(whole.exit_code, 0) << whole;
  const Json chosen = result()["selection"]["chosen"];
  fs::remove_all(dir_ / "out");
  for (const auto& file : fs::recursive_directory_iterator(dir_ / "pets" / "test"))
    if (file.is_regular_file()) write_file(file.path(), "no picture");
  const Outcome broken = sweep(data);
  EXPECT_EQ(broken.exit_code, 7) << broken;
  EXPECT_EQ(status("lr=0.0"), "done");
  EXPECT_EQ(status("lr=0.01"), "done");
  EXPECT_EQ(result()["selection"]["chosen"], chosen);
  EXPECT_THAT(broken.err, HasSubstr("error: 1 of 3 runs failed\n  final/"));
}

TEST_F(Sweeping, FineTunesEachPoint) {
  ASSERT_EQ(call("vit-train", smoke("pretrained", {"steps=1 steps"})).exit_code, 0);
  write_pets(6, {"train", "val"});
  write_sweep(
      "program: finetune\nweights: pretrained\ndata: pets\n"
      "set: {steps: 2 steps, batch: {examples: 4, accumulate: 1}, log.tensorboard: false}\n"
      "axes: {schedule.lr: [0.01, 0.03]}\n");
  const Outcome outcome = sweep();
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(meta("lr=0.03")["classes"], 2);
  EXPECT_EQ(sweep().exit_code, 0) << "known again: the same configuration";
  EXPECT_EQ(sessions("lr=0.03"), 1U);
}

}  // namespace
}  // namespace vit::test
