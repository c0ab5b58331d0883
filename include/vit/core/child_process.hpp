// A program started as a child of this one. It is in a process group of its own: a Ctrl-C at the
// terminal reaches this process alone, which decides what to pass on. Should this process die, the
// child gets SIGTERM.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vit {

struct ChildCommand {
  std::vector<std::string> words;                  // path of the program, then its arguments
  std::map<std::string, std::string> environment;  // on top of this process's own
  std::filesystem::path output;                    // stdout and stderr are appended to this file
};

struct ChildEnd {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
};

// "exit code 3", "killed by signal 9 (Killed)".
std::string to_string(const ChildEnd& end);

class ChildProcess {
 public:
  // Starts it, with nothing to read on stdin. Throws DataError when `output` cannot be written,
  // Error(kExternal) when there is no such program.
  explicit ChildProcess(const ChildCommand& command);
  ~ChildProcess();  // SIGTERM when it still runs, and waits for its end
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  std::optional<ChildEnd> ended();  // nothing while it runs
  void send(int signal) const;      // does nothing after its end

 private:
  pid_t pid_ = -1;
  std::optional<ChildEnd> end_;
};

// The program this process runs: what a child is started from to do another of its jobs.
std::filesystem::path own_program();

}  // namespace vit
