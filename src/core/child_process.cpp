#include "vit/core/child_process.hpp"

#include "vit/core/error.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vit {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

std::vector<std::string> environment_of(const ChildCommand& command) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!command.environment.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : command.environment) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// What the new process does before it becomes the program; only async-signal-safe calls. Returns
// when something fails, with errno set.
void become(char* const* words, char* const* environment, int output, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // it died before that was set
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);  // handlers end with exec, but what is ignored stays ignored
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) return;
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) return;
  if (nothing > STDERR_FILENO) close(nothing);
  execve(words[0], words, environment);
}

}  // namespace

std::string to_string(const ChildEnd& end) {
  if (end.signal == 0) return "exit code " + std::to_string(end.exit_code);
  return "killed by signal " + std::to_string(end.signal) + " (" + strsignal(end.signal) + ")";
}

ChildProcess::ChildProcess(const ChildCommand& command) {
  VIT_CHECK(!command.words.empty(), "a command without words");
  std::vector<std::string> words = command.words, environment = environment_of(command);
  const std::vector<char*> word_list = pointers(words), variable_list = pointers(environment);
  const Descriptor output{
      open(command.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (output.fd < 0) {
    throw DataError("cannot write '" + command.output.string() + "': " + std::strerror(errno));
  }
  // The write end closes when the program starts; an error number comes through it otherwise.
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw Error(ExitCode::kExternal, std::string("cannot start a process: ") + strerror(errno));
  const Descriptor from{ends[0]};
  Descriptor to{ends[1]};
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    become(word_list.data(), variable_list.data(), output.fd, parent);
    const int error = errno;
    [[maybe_unused]] const ssize_t ignored = write(to.fd, &error, sizeof error);
    _exit(127);
  }
  int error = pid_ < 0 ? errno : 0;
  close(std::exchange(to.fd, -1));
  while (pid_ > 0 && read(from.fd, &error, sizeof error) < 0 && errno == EINTR) {
  }
  if (error == 0) return;
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
  throw Error(ExitCode::kExternal,
              "cannot start '" + command.words[0] + "': " + std::strerror(error));
}

ChildProcess::~ChildProcess() {
  if (ended()) return;
  send(SIGTERM);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<ChildEnd> ChildProcess::ended() {
  if (end_) return end_;
  int status = 0;
  const pid_t got = waitpid(pid_, &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return std::nullopt;
  end_ = ChildEnd{};
  if (got > 0 && WIFEXITED(status)) end_->exit_code = WEXITSTATUS(status);
  if (got > 0 && WIFSIGNALED(status)) end_->signal = WTERMSIG(status);
  return end_;
}

void ChildProcess::send(int signal) const {
  if (!end_) kill(pid_, signal);
}

fs::path own_program() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) throw Error(ExitCode::kExternal, "cannot tell which program this is: /proc/self/exe");
  return program;
}

}  // namespace vit
