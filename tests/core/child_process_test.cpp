#include "vit/core/child_process.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vit {
namespace {

class Child : public testing::Test {
 protected:
  ChildCommand shell(const std::string& script) const {
    return {{"/bin/sh", "-c", script}, {}, dir_ / "log"};
  }
  static ChildEnd wait(ChildProcess& child) {
    while (true) {
      if (const auto end = child.ended()) return *end;
      poll(nullptr, 0, 2);
    }
  }
  std::string log() const { return read_text(dir_ / "log"); }
  void wait_for_log() const {
    std::error_code ignored;
    while (fs::file_size(dir_ / "log", ignored) == 0) poll(nullptr, 0, 2);
  }

  const test::TempDir dir_;
};

TEST_F(Child, TellsHowItEnded) {
  ChildProcess good(shell("exit 0")), bad(shell("exit 75")), killed(shell("kill -9 $$"));
  EXPECT_EQ(wait(good).exit_code, 0);
  EXPECT_EQ(wait(bad).exit_code, 75);
  const ChildEnd end = wait(killed);
  EXPECT_EQ(end.exit_code, -1);
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_EQ(to_string(end), "killed by signal 9 (Killed)");
  EXPECT_EQ(to_string(wait(bad)), "exit code 75") << "also when asked again";
}

TEST_F(Child, AppendsWhatItPrintsAndReadsNothing) {
  write_atomically(dir_ / "log", "before\n");
  ChildCommand command = shell("cat; echo out; echo \"$VIT_TEST_NAME\" >&2");
  command.environment["VIT_TEST_NAME"] = "a b";
  ChildProcess child(command);
  wait(child);
  EXPECT_EQ(log(), "before\nout\na b\n");
}

// So that a Ctrl-C at the terminal does not reach it.
TEST_F(Child, IsInAGroupOfItsOwn) {
  ChildProcess child(shell("cut -d' ' -f5 /proc/$$/stat; echo $$"));
  wait(child);
  const std::string text = log();
  const std::string group = text.substr(0, text.find('\n'));
  EXPECT_EQ(text, group + "\n" + group + "\n");
}

TEST_F(Child, GetsSignals) {
  ChildProcess child(shell("trap 'exit 3' INT; echo ready; while :; do sleep 0.01; done"));
  wait_for_log();
  EXPECT_FALSE(child.ended());
  child.send(SIGINT);
  EXPECT_EQ(wait(child).exit_code, 3);
}

TEST_F(Child, CannotBeWhatIsNotThere) {
  try {
    ChildProcess child({{"/no/such/program"}, {}, dir_ / "log"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kExternal);
    EXPECT_STREQ(error.what(), "cannot start '/no/such/program': No such file or directory");
  }
  EXPECT_THROW(ChildProcess({{"/bin/true"}, {}, dir_ / "no" / "log"}), DataError);
}

TEST_F(Child, EndsWithItsObject) {
  {
    ChildProcess child(
        shell("trap 'echo ended; exit' TERM; echo ready; while :; do sleep 0.01; done"));
    wait_for_log();
  }
  EXPECT_EQ(log(), "ready\nended\n");
}

// A process that starts a child and is then killed: this one becomes the child's parent and sees
// its end.
TEST_F(Child, EndsWithItsParent) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = fork();
  if (parent == 0) {
    ChildProcess child(shell("echo ready; exec sleep 1000"));
    wait_for_log();
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(parent, &status, 0), parent);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_GT(waitpid(-1, &status, 0), 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ShellWord, IsWhatTheShellReadsBack) {
  EXPECT_EQ(shell_word("a=b,c/d"), "a=b,c/d");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("train[:9%]"), "'train[:9%]'");
  EXPECT_EQ(shell_word("it's $x"), "'it'\\''s $x'");
}

}  // namespace
}  // namespace vit
