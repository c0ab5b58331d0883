// SIGINT, SIGTERM, SIGUSR1 and SIGHUP become a request the training loop polls between steps;
// SIGUSR2 asks for a checkpoint.
#pragma once

#include "vit/core/error.hpp"

namespace vit {

enum class StopRequest {
  kNone,
  kSave,
  kInterrupt
};  // kSave: SIGTERM, SIGUSR1, SIGHUP (exit 75); kInterrupt: SIGINT (exit 130)

// Installs the handlers while alive and restores the previous ones afterwards. A second SIGINT ends
// the process at once with exit code 130 after a line on stderr. SIGPIPE is ignored, SIGHUP if it
// was (nohup). Inside another one, as the runs of a program that makes several, it changes nothing:
// a request that came between two runs stays one.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  static StopRequest requested();
  static ExitCode exit_code();      // of a program that stops as requested; kDone without a request
  static bool take_save_request();  // true once per SIGUSR2
};

}  // namespace vit
