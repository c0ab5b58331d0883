#include "vit/train/weights_source.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"
#include "vit/models/identify.hpp"
#include "vit/models/vision_transformer.hpp"
#include "vit/runtime/tensor_archive.hpp"
#include "vit/train/checkpoint.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/stored_model.hpp"

#include "transformers_config.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace vit {
namespace {

// `file`; inside a checkpoint it must be the one its manifest names.
fs::path verified(const fs::path& file) {
  const fs::path folder = file.parent_path();
  const bool is_checkpoint =
      folder.filename().string().starts_with("step-") || fs::exists(folder / "manifest.json");
  if (is_checkpoint) verify_checkpoint(folder);
  return file;
}

// The weight file of a folder that transformers wrote, if it is one.
std::optional<fs::path> transformers_file(const fs::path& folder) {
  if (!fs::exists(folder / "config.json")) return std::nullopt;
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  return std::nullopt;
}

std::string list_checkpoints(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : CheckpointStore(folder, 1).all()) names.push_back(path.filename());
  return names.empty() ? "there is none" : "there are " + join(names, ", ");
}

[[noreturn]] void refuse_to_guess(const std::string& weights,
                                  const std::vector<std::string>& fitting) {
  if (fitting.empty()) {
    throw CheckpointError("weights '" + weights +
                          "' do not say which model they are, and no preset has their dimensions\n"
                          "name the model (--model NAME; vit-models lists them), or take the "
                          "dimensions from the file: --model vit --set model.heads=N");
  }
  throw CheckpointError("weights '" + weights + "' do not say which model they are; " +
                        join_words(fitting) + " fit\nname one of them: --model " + fitting.front());
}

// For weights that do not say.
ModelSection guess_model(const WeightsSource& source) {
  const Weights& weights = source.weights;
  const std::vector<std::string> fitting = presets_that_fit(weights.tensors);
  // Presets of equal dimensions differ in their preprocessing. Files in the layout of the original
  // code are those of its paper, which come first; others may bring their preprocessing along.
  const bool is_clear =
      fitting.size() == 1 || is_original(weights.layout) || source.input.has_value();
  if (!fitting.empty() && is_clear) return ModelSection(fitting.front());
  if (!fitting.empty()) refuse_to_guess(weights.name, fitting);
  ModelSection section = section_of(weights.tensors, weights.heads);
  const bool heads_matter = !section.empty() && section.as<VitConfig>() != nullptr;
  if (section.empty() || (heads_matter && weights.heads == 0)) refuse_to_guess(weights.name, {});
  return section;
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

fs::path find_weights(const fs::path& path, const std::string& checkpoint, WhichWeights which) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error && status.type() != fs::file_type::not_found) {
    throw CheckpointError("cannot use '" + path.string() + "': " + error.message() +
                          "\ngive a weight file, a checkpoint folder or a run folder");
  }
  if (!fs::exists(status)) {
    throw CheckpointError("there are no weights at '" + path.string() +
                          "'\ngive a weight file, a checkpoint folder or a run folder");
  }
  if (!fs::is_directory(path)) return verified(path);
  if (const auto file = transformers_file(path)) return verified(*file);
  const bool is_checkpoint =
      fs::exists(path / "manifest.json") || fs::exists(path / "model.safetensors");
  const fs::path folder = is_checkpoint ? path : find_checkpoint(path, checkpoint);
  const fs::path file =
      folder / (which == WhichWeights::kAverage ? "average.safetensors" : "model.safetensors");
  if (!fs::exists(file)) {
    throw CheckpointError("checkpoint '" + folder.string() + "' has no " +
                          file.filename().string());
  }
  return verified(file);
}

std::optional<Layout> layout_in(const config::Document& document) {
  const std::string named = document.scalar("init.layout");
  return named.empty() || named == "null" ? std::nullopt : std::optional(layout_named(named));
}

WeightsSource open_weights(const fs::path& path, const std::string& checkpoint, WhichWeights which,
                           std::optional<Layout> layout) {
  const fs::path file = find_weights(path, checkpoint, which);
  return weights_in(file, read_tensor_archive(file), layout);
}

WeightsSource weights_in(const fs::path& file, TensorArchive archive,
                         std::optional<Layout> layout) {
  WeightsSource source;
  source.file = file;
  const fs::path folder = source.file.parent_path();
  const bool in_checkpoint = folder.filename().string().starts_with("step-");
  const std::string name = in_checkpoint ? (folder.filename() / source.file.filename()).string()
                                         : source.file.filename().string();
  source.format = format_name(archive.format);
  source.classes = stored_classes(archive.metadata);
  if (auto stored = stored_model(archive.metadata, name)) {
    source.model = std::move(stored->model);
    source.input = std::move(stored->input);
  }
  source.weights = import_weights(std::move(archive.tensors), name, layout);
  if (const auto* vit = source.model ? source.model->as<VitConfig>() : nullptr)
    source.weights.grid = vit->grid();
  if (in_checkpoint) source.step = std::atoll(folder.filename().c_str() + 5);
  if (source.weights.layout == Layout::kHuggingFace) read_transformers_config(folder, source);
  return source;
}

ModelSection identify_model(const WeightsSource& source, const std::string& named) {
  if (named.empty() && source.model) return *source.model;
  const Weights& weights = source.weights;
  ModelSection section = named.empty() ? guess_model(source) : ModelSection(named);
  if (!named.empty() && !Models::catalog().is_preset(named)) {
    const ModelSection found = section_of(weights.tensors, weights.heads);
    if (!found.empty() && found.name() == section.name()) section = found;
  }
  follow_tensors(section, weights.tensors);
  return section;
}

}  // namespace vit
