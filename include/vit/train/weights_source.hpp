// Where weights come from: a file of any known format and layout, a checkpoint folder, a run
// folder, or a folder that transformers wrote.
#pragma once

#include "vit/config/document.hpp"
#include "vit/data/transform.hpp"
#include "vit/models/layout.hpp"
#include "vit/models/model.hpp"
#include "vit/runtime/tensor_archive.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vit {

struct WeightsSource {
  std::filesystem::path file;         // the weight file itself
  std::string format;                 // its container: "safetensors", "npz" or "pth"
  Weights weights;                    // its tensors under timm's names; views of the mapped file
  std::optional<InputConfig> input;   // preprocessing stored with it
  std::optional<ModelSection> model;  // model section stored with it
  std::vector<std::string> classes;   // class names stored with it
  int64_t step = -1;                  // of a checkpoint
};

// `which` picks average.safetensors instead of model.safetensors from a folder; `checkpoint` is
// best, last or step-N for a run folder (best falls back to last); `layout` overrules what the
// names say. A file inside or below a checkpoint is verified against its manifest. Throws
// CheckpointError: nothing there, broken, or of a kind that is not read.
enum class WhichWeights { kRaw, kAverage };
WeightsSource open_weights(const std::filesystem::path& path,
                           const std::string& checkpoint = "best",
                           WhichWeights which = WhichWeights::kRaw,
                           std::optional<Layout> layout = {});

// The same for a file that has been read: find_weights(), read_tensor_archive(), weights_in() are
// open_weights().
WeightsSource weights_in(const std::filesystem::path& file, TensorArchive archive,
                         std::optional<Layout> layout = {});

// What `init.layout` of a configuration says; nothing when it is to be recognised.
std::optional<Layout> layout_in(const config::Document& document);

// The weight file itself, verified where it is a checkpoint's.
std::filesystem::path find_weights(const std::filesystem::path& path,
                                   const std::string& checkpoint = "best",
                                   WhichWeights which = WhichWeights::kRaw);

// The checkpoint folder of a run folder: best, last or step-N (step-1404 and step-00001404 are the
// same). Throws CheckpointError.
std::filesystem::path find_checkpoint(const std::filesystem::path& run,
                                      const std::string& checkpoint);

// The model section of these weights: `named` when it is not empty, else the stored one, else the
// one preset whose dimensions agree with the tensors, else the dimensions alone where the file
// tells the number of heads. An entry's name (vit, bit) takes all dimensions from the tensors.
// Resolution, pooling and hidden head layer follow the tensors. Throws CheckpointError listing the
// candidates when none or several fit, ConfigError for an unknown name.
ModelSection identify_model(const WeightsSource& source, const std::string& named);

}  // namespace vit
