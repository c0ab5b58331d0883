// The files inside one checkpoint folder.
#pragma once

#include "vit/train/checkpoint.hpp"

namespace vit {

// Writes all of them, each flushed, manifest.json last. Throws DataError or CheckpointError.
void write_checkpoint_files(const std::filesystem::path& folder, State& state,
                            const CheckpointText& text);

}  // namespace vit
