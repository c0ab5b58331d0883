// Where weights come from: a safetensors file, a checkpoint folder, or a run folder.
#pragma once

#include "vit/data/transform.hpp"
#include "vit/models/model.hpp"
#include "vit/runtime/tensor_file.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vit {

struct WeightsSource {
  std::filesystem::path file;         // the safetensors file itself
  std::string name;                   // what messages call it
  NamedTensors tensors;               // views of the mapped file
  std::optional<InputConfig> input;   // preprocessing stored with it
  std::optional<ModelSection> model;  // model section stored with it
  std::vector<std::string> classes;   // class names stored with it
  int64_t step = -1;                  // of a checkpoint
};

// `which` picks average.safetensors instead of model.safetensors from a folder; `checkpoint` is
// best, last or step-N for a run folder (best falls back to last). A file inside or below a
// checkpoint is verified against its manifest. Throws CheckpointError: nothing there, broken, or a
// Python pickle (with the line that converts it).
enum class WhichWeights { kRaw, kAverage };
WeightsSource open_weights(const std::filesystem::path& path,
                           const std::string& checkpoint = "best",
                           WhichWeights which = WhichWeights::kRaw);

// The checkpoint folder of a run folder: best, last or step-N (step-1404 and step-00001404 are the
// same). Throws CheckpointError.
std::filesystem::path find_checkpoint(const std::filesystem::path& run,
                                      const std::string& checkpoint);

// The model section of these weights: `named` when it is not empty, else the stored one, else the
// one preset whose dimensions agree with the tensors. Its resolution follows the weights' position
// embeddings. Throws CheckpointError listing the candidates when none or several fit, ConfigError
// for an unknown name.
ModelSection identify_model(const WeightsSource& weights, const std::string& named);

// Outputs of the head in these tensors, 0 when there is none; and the channels of the images they
// take.
int64_t classes_of(const NamedTensors& tensors);
int64_t channels_of(const NamedTensors& tensors);

}  // namespace vit
