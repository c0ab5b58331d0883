// How a run starts: from which checkpoint, and with which configuration.
#pragma once

#include "vit/train/run.hpp"
#include "vit/train/run_config.hpp"

#include <filesystem>
#include <optional>

namespace vit {

// The checkpoint a request goes on from, if any. Throws CheckpointError when one is required and
// there is none.
std::optional<std::filesystem::path> starting_checkpoint(const RunRequest& request);

// The configuration of a request: its own files, or those of the checkpoint it goes on from, below
// --set. `input` comes from init.weights, else from the model's preset, where the document does not
// give it. Going on, what changed is logged, and a change that would make it another run is a
// ConfigError.
RunConfig config_for(const RunRequest& request,
                     const std::optional<std::filesystem::path>& checkpoint);

}  // namespace vit
