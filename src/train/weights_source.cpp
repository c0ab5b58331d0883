#include "vit/train/weights_source.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"
#include "vit/models/vision_transformer.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/stored_model.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace vit {
namespace {

[[noreturn]] void refuse_pickle(const fs::path& file) {
  const std::string in = file.string(),
                    out = fs::path(file).replace_extension(".safetensors").string();
  throw CheckpointError(
      "weights '" + in +
      "' are a Python pickle, which this program does not execute\n"
      "convert once:  python -c \"import torch,safetensors.torch as s; c=torch.load('" +
      in +
      "',map_location='cpu',weights_only=True); c=c.get('model') or c.get('state_dict') or c; "
      "s.save_file({k:v.contiguous() for k,v in c.items()},'" +
      out + "')\"");
}

void refuse_other_formats(const fs::path& file) {
  const MappedFile map(file);
  const std::string_view bytes = map.bytes();
  const std::string extension = file.extension();
  const bool zip = bytes.starts_with("PK\x03\x04");
  if (extension == ".npz" ||
      (zip && extension != ".pth" && extension != ".pt" && extension != ".bin")) {
    throw CheckpointError(
        "weights '" + file.string() +
        "' look like a NumPy archive (.npz)\nthis version reads safetensors only");
  }
  if (zip || extension == ".pth" || extension == ".pt" || extension == ".bin" ||
      bytes.starts_with("\x80\x02")) {
    refuse_pickle(file);
  }
}

// A weight file inside a checkpoint must be the one its manifest names.
void verify_if_checkpoint(const fs::path& file) {
  const fs::path folder = file.parent_path();
  const bool is_checkpoint =
      folder.filename().string().starts_with("step-") || fs::exists(folder / "manifest.json");
  if (is_checkpoint) verify_checkpoint(folder);
}

fs::path locate(const fs::path& path, const std::string& checkpoint, WhichWeights which) {
  if (!fs::exists(path)) {
    throw CheckpointError("there are no weights at '" + path.string() +
                          "'\ngive a safetensors file, a checkpoint folder or a run folder");
  }
  if (!fs::is_directory(path)) return path;
  const bool is_checkpoint =
      fs::exists(path / "manifest.json") || fs::exists(path / "model.safetensors");
  const fs::path folder = is_checkpoint ? path : find_checkpoint(path, checkpoint);
  const fs::path file =
      folder / (which == WhichWeights::kAverage ? "average.safetensors" : "model.safetensors");
  if (!fs::exists(file)) {
    throw CheckpointError("checkpoint '" + folder.string() + "' has no " +
                          file.filename().string());
  }
  return file;
}

std::string list_checkpoints(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : CheckpointStore(folder, 1).all()) names.push_back(path.filename());
  return names.empty() ? "there is none" : "there are " + join(names, ", ");
}

// One past the largest i of names "blocks.<i>."
int64_t count_blocks(const NamedTensors& tensors) {
  int64_t count = 0;
  for (const NamedTensor& item : tensors) {
    if (item.name.starts_with("blocks."))
      count = std::max<int64_t>(count, std::atoll(item.name.c_str() + 7) + 1);
  }
  return count;
}

int64_t size_of(const NamedTensors& tensors, const std::string& name, int64_t dimension) {
  const at::Tensor* tensor = find_tensor(tensors, name);
  return tensor != nullptr && tensor->dim() > dimension ? tensor->size(dimension) : 0;
}

bool same_dimensions(const VitConfig& config, const NamedTensors& tensors) {
  return config.width == size_of(tensors, "patch_embed.proj.weight", 0) &&
         config.patch.height == size_of(tensors, "patch_embed.proj.weight", 2) &&
         config.patch.width == size_of(tensors, "patch_embed.proj.weight", 3) &&
         config.depth == count_blocks(tensors) &&
         config.grid().area() + (config.has_class_token() ? 1 : 0) ==
             size_of(tensors, "pos_embed", 1) &&
         config.mlp_width() == size_of(tensors, "blocks.0.mlp.fc1.weight", 0);
}

// Sets the resolution whose position embeddings the tensors hold (square grids), and the hidden
// layer of the head.
void follow_tensors(VitConfig& config, const NamedTensors& tensors) {
  const int64_t tokens = size_of(tensors, "pos_embed", 1) - (config.has_class_token() ? 1 : 0);
  const auto side = static_cast<int64_t>(
      std::lround(std::sqrt(static_cast<double>(std::max<int64_t>(tokens, 0)))));
  if (side > 0 && side * side == tokens && config.grid().area() != tokens) {
    config.image = {side * config.patch.height, side * config.patch.width};
  }
  config.representation_size = size_of(tensors, "pre_logits.fc.weight", 0);
}

[[noreturn]] void refuse_to_guess(const WeightsSource& weights,
                                  const std::vector<std::string>& fitting) {
  if (fitting.empty()) {
    throw CheckpointError("weights '" + weights.name +
                          "' do not say which model they are, and no preset has their dimensions\n"
                          "name the model: --model NAME (vit-train --list models)");
  }
  throw CheckpointError("weights '" + weights.name + "' do not say which model they are; " +
                        join_words(fitting) + " fit\nname one of them: --model " + fitting.front());
}

}  // namespace

fs::path find_checkpoint(const fs::path& run, const std::string& checkpoint) {
  const fs::path folder = run / "checkpoints";
  if (!fs::is_directory(folder)) {
    throw CheckpointError("there is no checkpoint in '" + run.string() +
                          "'\na run folder has them in checkpoints/");
  }
  std::string name = checkpoint;
  if (name == "best" && !fs::exists(folder / "best")) name = "last";
  if (name == "last" && !fs::exists(folder / "last")) {  // a crash came between a save and its link
    const auto newest = CheckpointStore(folder, 1).newest();
    if (newest) return *newest;
  }
  if (name.starts_with("step-") && !fs::exists(folder / name))
    name = checkpoint_name(std::atoll(name.c_str() + 5));
  if (!fs::exists(folder / name)) {
    throw CheckpointError("run '" + run.string() + "' has no checkpoint '" + checkpoint + "'\n" +
                          list_checkpoints(folder));
  }
  return fs::canonical(folder / name);
}

WeightsSource open_weights(const fs::path& path, const std::string& checkpoint,
                           WhichWeights which) {
  WeightsSource source;
  source.file = locate(path, checkpoint, which);
  source.name = source.file.parent_path().filename().string().starts_with("step-")
                    ? (source.file.parent_path().filename() / source.file.filename()).string()
                    : source.file.filename().string();
  refuse_other_formats(source.file);
  verify_if_checkpoint(source.file);
  const TensorFile file(source.file);
  source.tensors = file.tensors();
  source.classes = stored_classes(file.metadata());
  if (auto stored = stored_model(file.metadata(), source.name)) {
    source.model = std::move(stored->model);
    source.input = std::move(stored->input);
  }
  const std::string folder = source.file.parent_path().filename();
  if (folder.starts_with("step-")) source.step = std::atoll(folder.c_str() + 5);
  return source;
}

ModelSection identify_model(const WeightsSource& weights, const std::string& named) {
  if (named.empty() && weights.model) return *weights.model;
  ModelSection section(named);
  if (named.empty()) {
    std::vector<std::string> fitting;
    for (const std::string& name : Models::catalog().names()) {
      const ModelSection candidate(name);
      const VitConfig* config = candidate.as<VitConfig>();
      if (Models::catalog().is_preset(name) && config != nullptr &&
          same_dimensions(*config, weights.tensors)) {
        fitting.push_back(name);
      }
    }
    if (fitting.size() != 1) refuse_to_guess(weights, fitting);
    section = ModelSection(fitting.front());
  }
  if (VitConfig* config = section.mutate<VitConfig>()) follow_tensors(*config, weights.tensors);
  return section;
}

int64_t classes_of(const NamedTensors& tensors) { return size_of(tensors, "head.weight", 0); }
int64_t channels_of(const NamedTensors& tensors) {
  return size_of(tensors, "patch_embed.proj.weight", 1);
}

}  // namespace vit
