// config.yaml of a run folder or checkpoint, and what another configuration changes of it.
#pragma once

#include "vit/config/document.hpp"
#include "vit/config/writer.hpp"
#include "vit/train/run_config.hpp"

#include <filesystem>
#include <vector>

namespace vit {

// Throws DataError when it cannot be read, ConfigError when it is no YAML.
config::Document stored_document(const std::filesystem::path& folder);

// What makes `config` another run than that of `run`: the keys that differ, those apart that may
// change when a run goes on. Throws DataError, and ConfigError for a stored configuration that this
// program does not understand.
std::vector<config::Difference> changes_since(const std::filesystem::path& run,
                                              const RunConfig& config);

}  // namespace vit
