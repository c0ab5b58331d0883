// One training run in its folder: from a request on the command line to the summary.
#pragma once

#include "vit/config/document.hpp"
#include "vit/train/observer.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace vit {

struct RunRequest {
  enum class Resume {
    kNo,    // the folder must be new or empty
    kMust,  // go on from its newest checkpoint; there must be one
    kAuto,  // go on if there is one, else start (batch scripts)
    kFrom,  // start a new folder from the checkpoint `from`
  };

  config::Document document;      // the configuration files, then --set
  bool has_files = false;         // false: a resumed run takes its stored configuration below --set
  std::filesystem::path run_dir;  // "" = runs/<time>_<model>_<data>
  Resume resume = Resume::kNo;
  std::filesystem::path from;  // of kFrom: a run or checkpoint folder
  bool overwrite = false;      // remove what an earlier run left in run_dir
  bool is_part = false;        // of a larger work, which prints the results itself
  std::vector<std::string>
      allow_change;               // keys a resumed run may change although they alter the result
  std::vector<std::string> argv;  // for meta.json
};

// How a run starts is decided here and only here: its own newest checkpoint, another checkpoint,
// init.weights, the seed. Returns the summary (its exit_code is the program's). Throws ConfigError,
// DataError, CheckpointError, Diverged; when the run folder was already in use, summary.json says
// so too.
RunSummary run_training(const RunRequest& request);

// --dry-run: opens the data, decodes a sample, does one real step and one checkpoint round trip in
// a temporary folder, and prints what each costs and an estimate of the whole run to stdout.
// Nothing is left behind.
void dry_run(const RunRequest& request);

// The configuration of a request as it would run, as YAML: --check and --print-config. Throws
// ConfigError with all problems. Reads no data and writes nothing.
enum class ConfigText { kFull, kMinimal };
std::string resolved_config(const RunRequest& request, ConfigText form);

}  // namespace vit
