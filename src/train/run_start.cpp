#include "run_start.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/weights_source.hpp"

#include "stored_config.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace vit {
namespace {

// Says what changed since the checkpoint was written; refuses what would make it another run.
void compare_with_stored(const RunConfig& config, const RunConfig& stored,
                         const std::vector<std::string>& allowed) {
  std::string refused;
  int changes = 0;
  for (const config::Difference& change : config::diff(stored, config)) {
    const std::string line = config::text_of(change);
    const bool permitted = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& key) {
      return change.key == key || change.key.starts_with(key + ".");
    });
    ++changes;
    if (change.resumable || permitted) {
      spdlog::info("config changed: {}", line);
    } else {
      refused += "\n  " + line;
    }
  }
  if (!refused.empty()) {
    throw ConfigError("the configuration differs from that of the run to be resumed:" + refused +
                      "\nthese keys decide what the run computes; use the stored configuration "
                      "(leave out --config), or "
                      "--allow-change KEY to change one all the same");
  }
  if (changes == 0) spdlog::info("no configuration changes");
}

}  // namespace

// The checkpoint a request goes on from, if any.
std::optional<fs::path> starting_checkpoint(const RunRequest& request) {
  using Resume = RunRequest::Resume;
  if (request.resume == Resume::kNo) return std::nullopt;
  if (request.resume == Resume::kFrom) {
    if (!fs::exists(request.from)) {
      throw CheckpointError("there is no checkpoint at '" + request.from.string() + "'");
    }
    if (fs::is_directory(request.from / "checkpoints")) {
      if (const auto newest = CheckpointStore(request.from / "checkpoints", 1).newest())
        return newest;
    }
    verify_checkpoint(request.from);
    return request.from;
  }
  if (request.run_dir.empty()) {
    throw ConfigError(
        "--resume needs to know which run\nadd --run-dir DIR (runs/latest is the newest one)");
  }
  std::optional<fs::path> newest = CheckpointStore(request.run_dir / "checkpoints", 1).newest();
  if (!newest && request.resume == Resume::kMust) {
    throw CheckpointError("there is no checkpoint to resume in '" + request.run_dir.string() +
                          "'\n--resume auto starts a new run in that case");
  }
  return newest;
}

RunConfig config_for(const RunRequest& request, const std::optional<fs::path>& checkpoint) {
  if (checkpoint) {
    config::Document document = stored_document(*checkpoint);
    const RunConfig stored = read_run_config(document);
    const RunConfig config = request.has_files
                                 ? read_run_config(request.document, &stored.input)
                                 : read_run_config(document.overlay(request.document));
    compare_with_stored(config, stored, request.allow_change);
    return config;
  }
  const RunConfig config = read_run_config(request.document);
  if (config.init.weights.empty()) return config;
  const WeightsSource weights =
      open_weights(config.init.weights, "best", WhichWeights::kRaw, config.init.layout);
  return weights.input ? read_run_config(request.document, &*weights.input) : config;
}

std::string resolved_config(const RunRequest& request, ConfigText form) {
  const RunConfig config = config_for(request, starting_checkpoint(request));
  return form == ConfigText::kFull ? config::write_with_origins(config, request.document)
                                   : config::write_minimal(config);
}

}  // namespace vit
