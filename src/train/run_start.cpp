#include "run_start.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/weights_source.hpp"

namespace vit {
namespace {

config::Document stored_document(const fs::path& checkpoint) {
  const fs::path file = checkpoint / "config.yaml";
  return config::Document::from_text(read_text(file), file.string(), checkpoint);
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
    return fs::exists(request.from / "manifest.json") ? request.from : find_checkpoint(request.from, "last");
  }
  if (request.run_dir.empty()) {
    throw ConfigError("--resume needs to know which run\nadd --run-dir DIR (runs/latest is the newest one)");
  }
  std::optional<fs::path> newest = CheckpointStore(request.run_dir / "checkpoints", 1).newest();
  if (!newest && request.resume == Resume::kMust) {
    throw CheckpointError("there is no checkpoint to resume in '" + request.run_dir.string() +
                          "'\n--resume auto starts a new run in that case");
  }
  return newest;
}

RunConfig stored_config(const fs::path& checkpoint) { return read_run_config(stored_document(checkpoint)); }

RunConfig config_for(const RunRequest& request, const std::optional<fs::path>& checkpoint) {
  if (checkpoint && !request.has_files) {
    config::Document document = stored_document(*checkpoint);
    return read_run_config(document.overlay(request.document));
  }
  const RunConfig config = read_run_config(request.document);
  if (config.init.weights.empty()) return config;
  const WeightsSource weights = open_weights(config.init.weights);
  return weights.input ? read_run_config(request.document, &*weights.input) : config;
}

std::string resolved_config(const RunRequest& request, ConfigText form) {
  const RunConfig config = config_for(request, starting_checkpoint(request));
  return form == ConfigText::kFull ? config::write_with_origins(config, request.document) : config::write_minimal(config);
}

}  // namespace vit
