// The configuration that weights and a data path stand for: the layer vit-finetune puts between its
// recipe and the user's own files.
#pragma once

#include "vit/config/document.hpp"

#include <filesystem>
#include <string>

namespace vit {

// YAML with `init`, `model` (as stored with the weights or identified from their tensors, with a
// single zero-initialised linear head), `input` and `data`. `model` names the architecture of
// weights that do not say it, "" otherwise; `data` may be "" when the user's configuration has the
// section; `own` is that configuration, whose init.layout counts here. Throws CheckpointError,
// DataError, ConfigError.
std::string finetune_layer(const std::filesystem::path& weights, const std::string& model,
                           const std::filesystem::path& data, const config::Document& own);

// What vit-finetune trains with: the shipped recipe, such a layer above it, and the user's own
// configuration on top. Throws ConfigError.
config::Document finetune_document(const std::string& layer, const config::Document& own,
                                   const config::SearchPath& shipped);

}  // namespace vit
