// Runs the built programs as their users do: a process of its own with arguments, environment and
// working folder. Waiting is for an event (the end, a file, a line), never for a length of time.
#pragma once

#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace vit::test {

// The folder the programs were built into; VIT_BIN_DIR in the environment names another.
inline std::filesystem::path bin_dir() {
  if (const char* named = std::getenv("VIT_BIN_DIR"); named != nullptr && *named != '\0')
    return named;
  return VIT_BIN_DIR;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Command {
  std::string program;  // "vit-train", or a path such as /bin/sh
  std::vector<std::string> arguments;
  std::filesystem::path folder = std::filesystem::current_path();
  std::map<std::string, std::string> environment;  // additions
};

struct Outcome {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  bool timed_out = false;  // it was killed for taking too long
  std::string out, err;
};

inline std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  if (outcome.timed_out) stream << "timed out, ";
  stream << "exit " << outcome.exit_code;
  if (outcome.signal != 0) stream << ", signal " << outcome.signal;
  return stream << "\n--- stdout\n" << outcome.out << "--- stderr\n" << outcome.err << "---";
}

// A program in the background; killed when this goes away.
class Process {
 public:
  static constexpr std::chrono::seconds kPatience{120};  // only programs that hang take so long

  explicit Process(const Command& command) { start(command); }
  ~Process() {
    if (outcome_) return;
    send(SIGKILL);
    wait();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const { kill(pid_, signal); }

  bool running() { return !outcome_ && !ends_within(0); }
  std::string err_so_far() const { return read_file(output_ / "err"); }

  // True as soon as `happened` is; false when the program ended first, or after kPatience.
  bool wait_until(const std::function<bool()>& happened) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!happened()) {
      if (outcome_ || std::chrono::steady_clock::now() > deadline) return false;
      if (ends_within(2)) return happened();
    }
    return true;
  }

  Outcome wait() {
    if (outcome_) return *outcome_;
    Outcome outcome;
    if (!ends_within(std::chrono::milliseconds(kPatience).count())) {
      outcome.timed_out = true;
      send(SIGKILL);
    }
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    close(handle_);
    if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
    outcome.out = read_file(output_ / "out");
    outcome.err = read_file(output_ / "err");
    outcome_ = outcome;
    return outcome;
  }

 private:
  void start(const Command& command) {
    const bool ours = command.program.find('/') == std::string::npos;
    const std::string program = ours ? (bin_dir() / command.program).string() : command.program;
    std::vector<std::string> arguments{program};
    arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
    const std::vector<std::string> environment = environment_of(command);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, (output_ / "out").c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_addopen(&files, 2, (output_ / "err").c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_addchdir_np(&files, command.folder.c_str());
    posix_spawnattr_t attributes;  // signals as at a shell prompt, whatever this process ignores
    posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int error = posix_spawn(&pid_, program.c_str(), &files, &attributes,
                                  pointers(arguments).data(), pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error == 0) handle_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (error != 0 || handle_ < 0) throw std::runtime_error("cannot start " + program);
  }

  // The caller's environment without what changes the programs' behaviour; one thread, so that runs
  // are quick and equal.
  static std::vector<std::string> environment_of(const Command& command) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry, name = text.substr(0, text.find('='));
      const bool ours =
          name.starts_with("VIT_") || name.starts_with("SLURM_") || name == "CLICOLOR_FORCE";
      if (!ours && name != "OMP_NUM_THREADS" && !command.environment.contains(name))
        result.push_back(text);
    }
    if (!command.environment.contains("OMP_NUM_THREADS")) result.emplace_back("OMP_NUM_THREADS=1");
    for (const auto& [name, value] : command.environment) result.push_back(name + "=" + value);
    return result;
  }

  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
  }

  bool ends_within(int64_t milliseconds) const {
    pollfd handle{handle_, POLLIN, 0};
    return poll(&handle, 1, static_cast<int>(milliseconds)) > 0;
  }

  TempDir output_;
  pid_t pid_ = -1;
  int handle_ = -1;  // of the process, for poll()
  std::optional<Outcome> outcome_;
};

inline Outcome run(const Command& command) { return Process(command).wait(); }

}  // namespace vit::test
