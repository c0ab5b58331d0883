// The kinds of failure a user can meet, one exception type per exit code of the programs.
//
// An Error's text is one or more lines: what is wrong in the user's words, where, what to do. It is
// thrown where the fact is known and caught once, in cli. VIT_CHECK is for our own bugs; user
// mistakes never end there.
#pragma once

#include <stdexcept>
#include <string>

namespace vit {

// Exit codes of all programs; the values are part of the interface.
enum class ExitCode : int {
  kDone = 0,
  kInternal = 1,
  kConfig = 2,
  kData = 3,
  kCheckpoint = 4,
  kDiverged = 5,
  kOutOfMemory = 6,
  kExternal = 7,
  kStopped = 75,
  kInterrupted = 130,
};

class Error : public std::runtime_error {
 public:
  // `text` holds no leading "error: "; lines after the first are indented when printed.
  Error(ExitCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Bad command line or configuration.
struct ConfigError : Error {
  explicit ConfigError(const std::string& text) : Error(ExitCode::kConfig, text) {}
};
// A data set, image or label file that cannot be used; also an output place that cannot be written.
struct DataError : Error {
  explicit DataError(const std::string& text) : Error(ExitCode::kData, text) {}
};
// Weights or a checkpoint that cannot be read, does not fit, or could not be written.
struct CheckpointError : Error {
  explicit CheckpointError(const std::string& text) : Error(ExitCode::kCheckpoint, text) {}
};
// Loss or gradient became NaN or infinite.
struct Diverged : Error {
  explicit Diverged(const std::string& text) : Error(ExitCode::kDiverged, text) {}
};
struct OutOfMemory : Error {
  explicit OutOfMemory(const std::string& text) : Error(ExitCode::kOutOfMemory, text) {}
};

namespace detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& text);
}  // namespace detail

}  // namespace vit

// States what must hold if this program has no bug; throws Error(kInternal) naming file and line.
#define VIT_CHECK(condition, text)                                                         \
  do {                                                                                     \
    if (!(condition)) ::vit::detail::check_failed(#condition, __FILE__, __LINE__, (text)); \
  } while (false)
