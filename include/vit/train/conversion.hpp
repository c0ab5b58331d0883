// Weights from one place to another: what vit-convert does.
#pragma once

#include "vit/config/document.hpp"
#include "vit/models/layout.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace vit {

struct ConversionRequest {
  std::filesystem::path in;   // anything open_weights() takes
  std::filesystem::path out;  // FILE.safetensors, FILE.npz, or a folder for transformers
  std::string model;          // catalogue name for weights that do not say
  // The layout that is not timm's: of `in` when it has it, else of `out`. Without one, `in` is
  // recognised, and `out` has timm's names, an .npz the published ones, a folder Hugging Face's.
  std::optional<Layout> layout;
  config::Document overrides;  // --set model..., input...
};

// Converts, and prints what became of the tensors. Another resolution, patch size or number of
// channels than the file's resamples. `out` is complete afterwards or as it was before. Throws
// ConfigError for an `out` that is none of the three, CheckpointError for weights that do not fit
// the model or that the layout cannot hold.
void convert_weights(const ConversionRequest& request);

// Prints names, types and shapes of the tensors in `file` as they are there, and whose they are; as
// JSON {"file", "format", "layout", "model", "parameters", "tensors": [{"name", "dtype", "shape"}],
// "metadata"}.
enum class InspectionForm { kTable, kJson };
void inspect_weights(const std::filesystem::path& file, InspectionForm form);

}  // namespace vit
