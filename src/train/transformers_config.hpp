// The JSON files that stand beside weights in a folder of Hugging Face transformers.
#pragma once

#include "vit/core/files.hpp"
#include "vit/train/weights_source.hpp"

#include <string>

namespace vit {

// Completes a source in that layout with what config.json and preprocessor_config.json of `folder`
// say, as far as they are there: heads, GELU form and epsilon, class names, preprocessing. Throws
// CheckpointError for a file that is no JSON object.
void read_transformers_config(const fs::path& folder, WeightsSource& source);

// preprocessor_config.json for images of that size. Throws CheckpointError when its reader cannot
// preprocess so.
std::string preprocessor_config(const InputConfig& input, Extent image);

}  // namespace vit
