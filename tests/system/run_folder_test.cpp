// The folder of a run: its name, what is refused when there is one already, and who may use it.
#include "system.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace vit::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class RunFolders : public SystemTest {};

TEST_F(RunFolders, DefaultRunFoldersAreNamedAndLatestFollows) {
  const Words quick = sets({"steps=1 steps", "log.tensorboard=false", "log.samples=false"});
  ASSERT_EQ(call("vit-train", Words{"--config", "smoke", "-q"} + quick).exit_code, 0);
  const Words first = names_in(dir_ / "runs");
  ASSERT_EQ(first.size(), 2U);
  EXPECT_THAT(first[0], MatchesRegex("[0-9]{8}-[0-9]{4}_vit_synthetic"));
  EXPECT_EQ(fs::read_symlink(dir_ / "runs" / "latest"), first[0]);
  ASSERT_EQ(call("vit-train", Words{"--config", "smoke", "-q"} + quick).exit_code,
            0);  // most likely in the same minute
  const Words second = names_in(dir_ / "runs");
  ASSERT_EQ(second.size(), 3U);
  EXPECT_EQ(fs::read_symlink(dir_ / "runs" / "latest"), second[1]);
  EXPECT_EQ(call("vit-train", {"--run-dir", "runs/latest", "--resume"}).exit_code, 0);
  EXPECT_EQ(fs::read_symlink(dir_ / "runs" / "latest"), second[1]);
  const Outcome elsewhere = call("vit-train", Words{"--config", "smoke", "-q"} + quick,
                                 {{"VIT_RUNS_ROOT", (dir_ / "other").string()}});
  EXPECT_EQ(elsewhere.exit_code, 0) << elsewhere;
  EXPECT_EQ(names_in(dir_ / "other").size(), 2U);
}

TEST_F(RunFolders, AnUsedFolderIsRefusedUnlessToldOtherwise) {
  ASSERT_EQ(call("vit-train", smoke("used")).exit_code, 0);
  write_file(dir_ / "used" / "notes.txt", "mine");
  const auto before = snapshot(dir_ / "used");
  const Outcome refused = call("vit-train", smoke("used"));
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_THAT(refused.err, HasSubstr("--resume"));
  EXPECT_THAT(refused.err, HasSubstr("--overwrite"));
  EXPECT_EQ(snapshot(dir_ / "used"), before);

  const Outcome started_over =
      call("vit-train", smoke("used", {"steps=2 steps"}) + Words{"--overwrite"});
  EXPECT_EQ(started_over.exit_code, 0) << started_over;
  EXPECT_EQ(read_file(dir_ / "used" / "notes.txt"), "mine") << "files of others stay";
  EXPECT_EQ(json_lines(dir_ / "used" / "metrics.jsonl")[0]["total_steps"], 2);
  EXPECT_EQ(names_in(dir_ / "used" / "checkpoints"), (Words{"best", "last", "step-00000002"}));
}

TEST_F(RunFolders, OverwriteChecksTheConfigurationFirst) {
  ASSERT_EQ(call("vit-train", smoke("used")).exit_code, 0);
  const auto before = snapshot(dir_ / "used");
  const Outcome outcome =
      call("vit-train", smoke("used", {"model.widht=3"}) + Words{"--overwrite"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome;
  EXPECT_EQ(snapshot(dir_ / "used"), before);
}

TEST_F(RunFolders, AResumeMakesNoBestWhereNoneIsKept) {
  const Words arguments = smoke("run", {"checkpoint.keep_best=0"});
  ASSERT_EQ(call("vit-train", arguments).exit_code, 0);
  ASSERT_EQ(call("vit-train", arguments + Words{"--resume", "auto"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(fs::symlink_status(dir_ / "run/checkpoints/best")));
  EXPECT_TRUE(fs::exists(dir_ / "run/checkpoints/last"));
}

// While one process trains in a folder, all others leave it alone, and it does not notice them.
TEST_F(RunFolders, SecondProcessInTheSameFolderIsTurnedAway) {
  const Words arguments =
      smoke("run", {"steps=100000 steps", "checkpoint.every=1 steps", "eval.every=0 steps"});
  Process first(command("vit-train", arguments));
  ASSERT_TRUE(first.wait_until([&] { return fs::exists(dir_ / "run/checkpoints/last"); }))
      << first.wait();
  for (const Words& resume : {Words{"--resume", "auto"}, Words{"--overwrite"}}) {
    const Outcome second = call("vit-train", arguments + resume);
    EXPECT_EQ(second.exit_code, 7) << second;
    EXPECT_THAT(second.err, HasSubstr("another process"));
  }
  EXPECT_EQ(call("vit-train", {"--run-dir", "run", "--resume", "--print-config"}).exit_code, 0);
  EXPECT_TRUE(first.running()) << first.wait();
  first.send(SIGTERM);
  const Outcome outcome = first.wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome;
}

}  // namespace
}  // namespace vit::test
