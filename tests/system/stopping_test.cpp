// Stopping, being killed and going on: whatever ends a run, the next process continues it to the
// same weights.
#include "system.hpp"
#include "tiny_disk.hpp"

#include <gmock/gmock.h>

#include <random>

namespace vit::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Longer than anyone waits: only a signal or a limit ends it.
const Words kEndless = {"steps=1000000 steps", "eval.every=0 steps", "checkpoint.every=0 steps"};

class Stopping : public SystemTest {
 protected:
  // An endless run that has made its first report.
  std::unique_ptr<Process> start_endless(const Words& assignments = {}) const {
    auto process =
        std::make_unique<Process>(command("vit-train", smoke("run", kEndless + assignments)));
    EXPECT_TRUE(process->wait_until([&] { return metrics().size() > 1; })) << process->wait();
    return process;
  }
  std::vector<Json> metrics() const { return json_lines(dir_ / "run" / "metrics.jsonl"); }
  fs::path last() const { return dir_ / "run" / "checkpoints" / "last"; }

  // The run stopped with this code and status, saved, and can be resumed where it stopped.
  void expect_saved(const Outcome& outcome, int exit_code, const std::string& status) const {
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome;
    const Json end = metrics().back(), summary = json_file(dir_ / "run" / "summary.json");
    EXPECT_EQ(end["kind"], "end");
    EXPECT_EQ(end["status"], status);
    EXPECT_EQ(end["exit"], exit_code);
    EXPECT_EQ(summary["status"], status);
    EXPECT_EQ(summary["exit"], exit_code);
    const auto step = end["step"].get<int64_t>();
    EXPECT_EQ(json_file(last() / "progress.json")["step"], step);
    const Outcome resumed =
        call("vit-train", {"--run-dir", "run", "--resume", "--set", "run.max_time=0.01 s"});
    EXPECT_EQ(resumed.exit_code, 75) << resumed;
    EXPECT_THAT(resumed.err, HasSubstr("resuming at step " + std::to_string(step)));
  }
};

struct Stop {
  int signal;
  int exit_code;
  const char* status;
};

class StopSignals : public Stopping, public testing::WithParamInterface<Stop> {};

TEST_P(StopSignals, SaveAndSayHowToGoOn) {
  const auto process = start_endless();
  process->send(GetParam().signal);
  const Outcome outcome = process->wait();
  expect_saved(outcome, GetParam().exit_code, GetParam().status);
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("--resume"));
}

INSTANTIATE_TEST_SUITE_P(All, StopSignals,
                         testing::Values(Stop{SIGTERM, 75, "stopped"}, Stop{SIGUSR1, 75, "stopped"},
                                         Stop{SIGHUP, 75, "stopped"},
                                         Stop{SIGINT, 130, "interrupted"}),
                         [](const auto& info) {
                           return std::string("Signal") + std::to_string(info.param.signal);
                         });

// A step that takes long enough to be interrupted twice.
TEST_F(Stopping, SecondInterruptEndsAtOnceWithoutSaving) {
  const auto process =
      start_endless({"log.every=1 steps", "batch={examples: 4096, accumulate: 1}"});
  process->send(SIGINT);
  ASSERT_TRUE(process->wait_until(
      [&] { return process->err_so_far().find("again to quit") != std::string::npos; }));
  process->send(SIGINT);
  const Outcome outcome = process->wait();
  EXPECT_EQ(outcome.exit_code, 130) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("nothing saved"));
  EXPECT_FALSE(fs::exists(last()));
}

TEST_F(Stopping, Usr2SavesAndCarriesOn) {
  const auto process = start_endless();
  ASSERT_FALSE(fs::exists(last()));
  process->send(SIGUSR2);
  ASSERT_TRUE(process->wait_until([&] { return fs::exists(last()); })) << process->wait();
  const size_t lines = metrics().size();
  ASSERT_TRUE(process->wait_until([&] { return metrics().size() > lines + 2; }))
      << "training stopped";
  process->send(SIGTERM);
  expect_saved(process->wait(), 75, "stopped");
}

TEST_F(Stopping, TimeLimitSavesAndExits75) {
  const Outcome outcome =
      call("vit-train", smoke("run", kEndless + Words{"run.max_time=0.2 seconds"}));
  expect_saved(outcome, 75, "time_limit");
}

// The final weights of a run that nothing disturbed.
struct Undisturbed {
  Undisturbed() {
    const TempDir folder;
    outcome = run({"vit-train", arguments(folder / "run"), folder.path(), {}});
    sums = sums_of(folder / "run");
    for (const Json& line : json_lines(folder / "run" / "metrics.jsonl")) note(line, lines);
  }

  static Words arguments(const fs::path& run_dir) {
    return smoke(run_dir, {"steps=40 steps", "checkpoint.every=1 steps", "eval.every=10 steps",
                           "log.every=4 steps"});
  }
  static Words sums_of(const fs::path& run_dir) {
    const fs::path last = run_dir / "checkpoints" / "last";
    return {fs::read_symlink(last), checksum_in(last, "model.safetensors"),
            checksum_in(last, "average.safetensors"), checksum_in(last, "state.safetensors")};
  }
  // The numbers of a line that are no clock readings; a later line replaces an earlier one of its
  // kind and step.
  static void note(const Json& line, std::map<std::string, std::string>& lines) {
    const std::string kind = line.value("kind", "");
    if (kind != "train" && kind != "eval") return;
    Json kept;
    for (const char* key : {"epoch", "examples", "loss", "lr", "grad_norm", "top1", "top5", "n"}) {
      if (line.contains(key)) kept[key] = line[key];
    }
    lines[kind + line["step"].dump() + line.value("weights", "")] = kept.dump();
  }

  Outcome outcome;
  Words sums;
  std::map<std::string, std::string> lines;
};

const Undisturbed& undisturbed() {
  static const Undisturbed run;
  return run;
}

// Killed again and again at random moments: between steps, while saving, while starting. Every run
// saves after each step, so a large share of the kills falls into a save.
TEST_F(Stopping, KilledAtAnyMomentItEndsWithTheSameWeights) {
  ASSERT_EQ(undisturbed().outcome.exit_code, 0) << undisturbed().outcome;
  const Words arguments = Undisturbed::arguments(dir_ / "run") + Words{"--resume", "auto"};
  std::mt19937 random(20260830);
  int kills = 0;
  Outcome outcome;
  while (true) {
    Process process(command("vit-train", arguments));
    // Some steps after the start, plus a moment: not a sleep to wait for something, but the random
    // moment itself.
    const size_t lines = json_lines(dir_ / "run" / "metrics.jsonl").size(), more = 2 + random() % 4;
    const auto moment = std::chrono::microseconds(random() % 60000);
    if (kills < 12 && process.wait_until([&] {
          return json_lines(dir_ / "run" / "metrics.jsonl").size() >= lines + more;
        })) {
      const auto until = std::chrono::steady_clock::now() + moment;
      process.wait_until([&] { return std::chrono::steady_clock::now() >= until; });
      process.send(SIGKILL);
    }
    outcome = process.wait();
    if (outcome.signal != SIGKILL) break;
    ++kills;
  }
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_GE(kills, 4);
  EXPECT_EQ(Undisturbed::sums_of(dir_ / "run"), undisturbed().sums);
  std::map<std::string, std::string> lines;
  for (const Json& line : json_lines(dir_ / "run" / "metrics.jsonl")) {
    EXPECT_TRUE(line.is_object()) << "a killed process left half a line";
    Undisturbed::note(line, lines);
  }
  EXPECT_EQ(lines, undisturbed().lines);
  EXPECT_EQ(names_in(dir_ / "run" / "checkpoints").size(), 2U + 3U)
      << "last two, best, and the two links, no leftovers";
}

TEST_F(Stopping, StoppedPolitelyAndResumedItEndsWithTheSameWeights) {
  const Words arguments = Undisturbed::arguments(dir_ / "run") + sets({"checkpoint.every=0 steps"});
  for (int stops = 0;; ++stops) {
    Process process(
        command("vit-train", arguments + Words{"--resume", "auto"} +
                                 sets({"loader.threads=" + std::to_string(1 + stops)})));
    const size_t before = metrics().size();
    if (stops < 3) process.wait_until([&] { return metrics().size() > before + 2; });
    process.send(SIGTERM);
    if (stops < 3) {
      const Outcome outcome = process.wait();
      ASSERT_TRUE(outcome.exit_code == 75 || outcome.exit_code == 0) << outcome;
      continue;
    }
    process.wait();
    break;
  }
  const Outcome rest = call("vit-train", arguments + Words{"--resume", "auto"});
  EXPECT_EQ(rest.exit_code, 0) << rest;
  EXPECT_EQ(Undisturbed::sums_of(dir_ / "run"), undisturbed().sums);
}

// A kill inside a save, made certain: what such a kill leaves is put there by hand.
TEST_F(Stopping, LeftoversOfAnInterruptedSaveAreIgnoredAndRemoved) {
  ASSERT_EQ(call("vit-train", Undisturbed::arguments(dir_ / "run") + sets({"run.max_time=0.2 s"}))
                .exit_code,
            75);
  const fs::path checkpoints = dir_ / "run" / "checkpoints";
  const std::string newest = fs::read_symlink(checkpoints / "last");
  fs::copy(checkpoints / newest, checkpoints / "step-00000039.tmp");
  fs::remove(checkpoints / "step-00000039.tmp" / "manifest.json");
  fs::copy(checkpoints / newest, checkpoints / "step-00000001.del");
  fs::remove(checkpoints / "last");  // and the link had not been moved
  const Outcome outcome =
      call("vit-train", {"--run-dir", "run", "--resume", "--set", "run.max_time=null"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("from " + newest));
  EXPECT_EQ(Undisturbed::sums_of(dir_ / "run"), undisturbed().sums);
  for (const std::string& name : names_in(checkpoints)) EXPECT_THAT(name, Not(HasSubstr(".")));
}

TEST_F(Stopping, ABrokenNewestCheckpointGivesWayToTheOneBefore) {
  ASSERT_EQ(call("vit-train", smoke("run")).exit_code, 0);
  const fs::path broken = dir_ / "run/checkpoints/step-00000012";
  const std::string sum = checksum_in(broken, "model.safetensors");
  fs::resize_file(broken / "state.safetensors", 100);
  const Outcome outcome = call("vit-train", {"--run-dir", "run", "--resume"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("warning: "));
  EXPECT_THAT(outcome.err, HasSubstr("state.safetensors"));
  EXPECT_THAT(outcome.err, HasSubstr("resuming at step 8/12"));
  EXPECT_EQ(checksum_in(broken, "model.safetensors"), sum) << "trained again and replaced";
  EXPECT_EQ(call("vit-eval", {"--run", "run", "--checkpoint", "last"}).exit_code, 0);
}

class Resuming : public Stopping {
 protected:
  void SetUp() override {
    ASSERT_EQ(call("vit-train", smoke("run", {"steps=2 steps"})).exit_code, 0);
  }
  Outcome resume(const Words& more) const {
    return call("vit-train", Words{"--run-dir", "run", "--resume"} + more);
  }
};

TEST_F(Resuming, HarmlessChangesArePrintedAndAllowed) {
  const Outcome outcome = resume(
      sets({"log.every=1 steps", "loader.threads=1", "checkpoint.keep_last=5", "eval.batch=7"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_THAT(outcome.err, HasSubstr("log.every: 3 steps -> 1 step"));
  EXPECT_THAT(outcome.err, HasSubstr("loader.threads: 2 -> 1"));
}

TEST_F(Resuming, OtherChangesAreRefusedByName) {
  const auto before = snapshot(dir_ / "run");
  const std::map<std::string, std::string> changes = {
      {"seed", "1"},          {"steps", "3 steps"},     {"batch.examples", "32"},
      {"schedule.lr", "0.5"}, {"model.dropout", "0.2"}, {"data.train_examples", "80"},
      {"augment", "[]"},      {"average.decay", "0.5"}, {"optimizer.name", "sgd"}};
  for (const auto& [key, value] : changes) {
    const Outcome outcome = resume(sets({key + "=" + value}));
    EXPECT_EQ(outcome.exit_code, 2) << key << outcome;
    EXPECT_THAT(outcome.err, StartsWith("error: "));
    EXPECT_THAT(outcome.err, HasSubstr(key.substr(0, key.find('.'))));
    EXPECT_THAT(outcome.err, HasSubstr("--allow-change"));
  }
  EXPECT_EQ(snapshot(dir_ / "run"), before);
}

TEST_F(Resuming, AllowChangeAllowsThatChangeOnly) {
  const Words change = sets({"steps=3 steps", "seed=1"});
  const Outcome refused = resume(change + Words{"--allow-change", "steps"});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_THAT(refused.err, HasSubstr("seed"));
  const Outcome outcome =
      resume(change + Words{"--allow-change", "steps", "--allow-change", "seed"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(metrics().back()["step"], 3);
}

TEST_F(Resuming, FromAnotherPlaceIntoANewFolder) {
  const auto before = snapshot(dir_ / "run");
  const Outcome outcome = call("vit-train", {"--run-dir", "second", "--resume", "run", "--set",
                                             "steps=3 steps", "--allow-change", "steps"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome;
  EXPECT_EQ(json_lines(dir_ / "second" / "metrics.jsonl").back()["step"], 3);
  EXPECT_EQ(snapshot(dir_ / "run"), before);
}

TEST_F(Resuming, AutoStartsWhereThereIsNothingAndPlainResumeDoesNot) {
  const Outcome refused = call("vit-train", smoke("fresh") + Words{"--resume"});
  EXPECT_EQ(refused.exit_code, 4) << refused;
  EXPECT_THAT(refused.err, HasSubstr("--resume auto"));
  EXPECT_FALSE(fs::exists(dir_ / "fresh"));
  EXPECT_EQ(
      call("vit-train", smoke("fresh", {"steps=1 steps"}) + Words{"--resume", "auto"}).exit_code,
      0);
  EXPECT_EQ(
      call("vit-train", smoke("fresh", {"steps=1 steps"}) + Words{"--resume", "auto"}).exit_code,
      0);
}

TEST_F(Resuming, AFinishedRunIsLeftAsItIs) {
  const Words before = Undisturbed::sums_of(dir_ / "run");
  const Json summary = json_file(dir_ / "run" / "summary.json");
  EXPECT_EQ(resume({}).exit_code, 0);
  EXPECT_EQ(Undisturbed::sums_of(dir_ / "run"), before);
  const Json again = json_file(dir_ / "run" / "summary.json");
  for (const char* key : {"status", "step", "best", "last", "checkpoint"})
    EXPECT_EQ(again[key], summary[key]) << key;
}

// A save that finds no room; afterwards, with room again, the run goes on as if nothing had been.
class FullDisk : public Stopping {
 protected:
  // The run ended with a clear error, and the checkpoints of before are as they were.
  void expect_survival(const Outcome& full, const fs::path& run_dir,
                       const std::map<std::string, std::string>& before) const {
    EXPECT_TRUE(full.exit_code == 4 || full.exit_code == 3) << full;
    EXPECT_THAT(full.err, HasSubstr("error: "));
    EXPECT_THAT(full.err, Not(HasSubstr("terminate")));
    auto after = snapshot(run_dir / "checkpoints");
    EXPECT_EQ(after, before) << "older checkpoints are as they were, and no leftovers";
  }
};

TEST_F(FullDisk, FilesThatCannotGrowEndTheRunInOrder) {
  ASSERT_EQ(call("vit-train", smoke("run", {"steps=12 steps", "run.max_time=0.01 s"})).exit_code,
            75);
  const auto before = snapshot(dir_ / "run" / "checkpoints");
  // Weights of this model are some 110 kB; the limit is in blocks of 512 bytes. The log and metrics
  // stay below it.
  const Outcome full = run(
      {"/bin/sh",
       {"-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\"", (bin_dir() / "vit-train").string(),
        "--run-dir", "run", "--resume", "--set", "run.max_time=null"},
       dir_.path(),
       {}});
  expect_survival(full, dir_ / "run", before);
  EXPECT_THAT(full.err, HasSubstr("could not save checkpoint"));
  EXPECT_EQ(json_file(dir_ / "run" / "summary.json")["status"], "failed");
  const Outcome resumed =
      call("vit-train", {"--run-dir", "run", "--resume", "--set", "run.max_time=null"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
}

TEST_F(FullDisk, ADiskThatIsReallyFullEndsTheRunInOrder) {
  const TinyDisk disk(dir_ / "disk", "1500k");
  if (!disk.mounted()) GTEST_SKIP() << "may not mount a file system here";
  const fs::path place = dir_ / "disk" / "run";
  ASSERT_EQ(call("vit-train", smoke(place, {"run.max_time=0.01 s"})).exit_code, 75);
  const auto before = snapshot(place / "checkpoints");
  {
    std::ofstream filler(dir_ / "disk" / "filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (fs::space(dir_ / "disk").available > 200 * 1024 &&
           filler.write(block.data(), 4096).flush()) {
    }
  }
  const Outcome full =
      call("vit-train", {"--run-dir", place.string(), "--resume", "--set", "run.max_time=null"});
  expect_survival(full, place, before);
  EXPECT_THAT(full.err, HasSubstr("No space left"));
  fs::remove(dir_ / "disk" / "filler");
  const Outcome resumed =
      call("vit-train", {"--run-dir", place.string(), "--resume", "--set", "run.max_time=null"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed;
}

// Not one byte is left, not even for the log.
TEST_F(FullDisk, NotEvenRoomForALine) {
  const TinyDisk disk(dir_ / "disk", "1500k");
  if (!disk.mounted()) GTEST_SKIP() << "may not mount a file system here";
  const fs::path place = dir_ / "disk" / "run";
  ASSERT_EQ(call("vit-train", smoke(place, {"run.max_time=0.01 s"})).exit_code, 75);
  const auto before = snapshot(place / "checkpoints");
  std::ofstream filler(dir_ / "disk" / "filler", std::ios::binary);
  while (filler.write("x", 1).flush()) {
  }
  const Outcome full =
      call("vit-train", {"--run-dir", place.string(), "--resume", "--set", "run.max_time=null"});
  expect_survival(full, place, before);
  EXPECT_THAT(first_line(full.err.substr(full.err.find("error: "))), HasSubstr("No space left"));
  EXPECT_THAT(full.err, HasSubstr("free some space"));
}

}  // namespace
}  // namespace vit::test
