#include "checkpoint_files.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/runtime/precision.hpp"
#include "vit/runtime/tensor_file.hpp"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <type_traits>
#include <unordered_map>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kModel = "model.safetensors";
constexpr const char* kAverage = "average.safetensors";
constexpr const char* kState = "state.safetensors";
constexpr const char* kProgress = "progress.json";
constexpr const char* kConfig = "config.yaml";
constexpr const char* kManifest = "manifest.json";

class SavingArchive final : public Archive {
 public:
  void tensor(const std::string& name, at::Tensor value) override {
    tensors.push_back({name, value});
  }
  void number(const std::string& name, int64_t& value) override { numbers[name] = value; }
  void number(const std::string& name, double& value) override { numbers[name] = value; }

  NamedTensors tensors;
  Json numbers = Json::object();
};

// Copies into the live state. kCheck only looks whether everything is there and fits, so that a
// restore is all or nothing.
class RestoringArchive final : public Archive {
 public:
  enum class Step { kCheck, kApply };
  RestoringArchive(const TensorFile& file, const Json& numbers, Step step)
      : file_(file), numbers_(numbers), step_(step) {}

  void tensor(const std::string& name, at::Tensor value) override {
    const at::Tensor stored = file_.tensor(name);
    if (stored.sizes() != value.sizes() || stored.scalar_type() != value.scalar_type()) {
      throw CheckpointError(
          "'" + file_.path().string() + "' does not fit this run: tensor '" + name +
          "' has another shape or type\nwas it written by a run with another optimizer or model?");
    }
    if (step_ == Step::kApply) value.copy_(stored);
  }
  void number(const std::string& name, int64_t& value) override { read(name, value); }
  void number(const std::string& name, double& value) override { read(name, value); }

 private:
  template <class T>
  void read(const std::string& name, T& value) {
    const auto it = numbers_.find(name);
    const bool is_nan =
        it != numbers_.end() && it->is_null() && std::is_floating_point_v<T>;  // JSON has no NaN
    if (it == numbers_.end() || !(it->is_number() || is_nan)) {
      throw CheckpointError("'" + file_.path().parent_path().string() + "/" + kProgress +
                            "' lacks '" + name + "'");
    }
    if (step_ == Step::kApply) value = is_nan ? std::numeric_limits<T>::quiet_NaN() : it->get<T>();
  }

  const TensorFile& file_;
  const Json& numbers_;
  Step step_;
};

// The state dict with the averaged weights in place of the trained ones; frozen parameters and
// buffers as they are.
NamedTensors averaged_state_dict(State& state) {
  std::unordered_map<std::string, at::Tensor> averaged;
  for (const NamedTensor& item : state.parameters.views_of(*state.average.values()))
    averaged[item.name] = item.tensor;
  NamedTensors tensors = state_dict(state.model);
  for (NamedTensor& item : tensors) {
    if (const auto it = averaged.find(item.name); it != averaged.end()) item.tensor = it->second;
  }
  return tensors;
}

Json read_json(const fs::path& path) {
  try {
    return Json::parse(read_text(path));
  } catch (const nlohmann::json::exception&) {
    throw CheckpointError("'" + path.string() + "' is not valid JSON");
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

struct Copy {
  at::Tensor from, to;
};

// Pairs the tensors of a weight file with those of the model; both must hold exactly the same names
// and shapes.
std::vector<Copy> pair_up(const TensorFile& file, const NamedTensors& live) {
  std::vector<Copy> copies;
  for (const NamedTensor& item : live) {
    if (!file.contains(item.name) || file.tensor(item.name).sizes() != item.tensor.sizes()) {
      throw CheckpointError(
          "checkpoint '" + file.path().parent_path().string() + "' is of another model: '" +
          item.name +
          "' is missing or has another shape\nresume with the configuration it was written with");
    }
    copies.push_back({file.tensor(item.name), item.tensor});
  }
  if (file.names().size() != live.size()) {
    throw CheckpointError("checkpoint '" + file.path().parent_path().string() +
                          "' is of another model: it holds tensors this one lacks");
  }
  return copies;
}

void write_manifest(const fs::path& folder) {
  Json files = Json::object();
  for (const char* name : {kModel, kAverage, kState, kProgress, kConfig}) {
    if (!fs::exists(folder / name)) continue;
    files[name] = {{"size", fs::file_size(folder / name)},
                   {"xxh3", checksum_of_file(folder / name)}};
  }
  write_atomically(folder / kManifest, Json{{"version", 1}, {"files", files}}.dump(2) + "\n");
}

}  // namespace

void write_checkpoint_files(const fs::path& folder, State& state, const CheckpointText& text) {
  write_tensor_file(folder / kModel, state_dict(state.model), text.metadata);
  if (state.average.values() != nullptr) {
    write_tensor_file(folder / kAverage, averaged_state_dict(state), text.metadata);
  }
  SavingArchive archive;
  state.visit(archive);
  write_tensor_file(folder / kState, archive.tensors, {});
  write_atomically(folder / kProgress, archive.numbers.dump(2) + "\n");
  write_atomically(folder / kConfig, text.config);
  write_manifest(folder);
}

namespace {

void verify_files(const fs::path& checkpoint) {
  const std::string place = "checkpoint '" + checkpoint.string() + "' is ";
  if (!fs::exists(checkpoint / kManifest))
    throw CheckpointError(place + "incomplete: it has no " + kManifest);
  const Json manifest = read_json(checkpoint / kManifest);
  const auto files = manifest.find("files");
  if (files == manifest.end() || !files->is_object() || !files->contains(kModel) ||
      !files->contains(kState)) {
    throw CheckpointError(place + "broken: its " + kManifest + " lists no files");
  }
  for (const auto& [file, facts] : files->items()) {
    const fs::path path = checkpoint / file;
    if (!fs::is_regular_file(path))
      throw CheckpointError(place + "incomplete: " + file + " is missing");
    if (facts.value("size", uint64_t{0}) != fs::file_size(path)) {
      throw CheckpointError(place + "broken: " + file + " has " +
                            std::to_string(fs::file_size(path)) + " bytes, the manifest says " +
                            std::to_string(facts.value("size", uint64_t{0})));
    }
    if (facts.value("xxh3", std::string()) != checksum_of_file(path)) {
      throw CheckpointError(place + "broken: the content of " + file + " has changed (checksum)");
    }
  }
}

}  // namespace

void verify_checkpoint(const fs::path& checkpoint) {
  try {
    verify_files(checkpoint);
  } catch (const CheckpointError&) {
    throw;
  } catch (const std::exception&
               error) {  // a file that cannot be read, a manifest with other types than ours
    throw CheckpointError("checkpoint '" + checkpoint.string() + "' is broken: " + error.what());
  }
}

void restore_checkpoint(const fs::path& checkpoint, State& state) {
  verify_checkpoint(checkpoint);
  const NoGrad no_grad;
  const TensorFile model(checkpoint / kModel), tensors(checkpoint / kState);
  const Json numbers = read_json(checkpoint / kProgress);

  std::vector<Copy> copies = pair_up(model, state_dict(state.model));
  std::optional<TensorFile> average;
  if (state.average.values() != nullptr) {
    if (!fs::exists(checkpoint / kAverage)) {
      throw CheckpointError("checkpoint '" + checkpoint.string() +
                            "' holds no averaged weights, but `average` asks for them");
    }
    average.emplace(checkpoint / kAverage);
    for (const NamedTensor& item : state.parameters.views_of(*state.average.values())) {
      copies.push_back({average->tensor(item.name), item.tensor});
    }
  }
  RestoringArchive check(tensors, numbers, RestoringArchive::Step::kCheck);
  state.visit(check);

  for (Copy& copy : copies) copy.to.copy_(copy.from);
  RestoringArchive apply(tensors, numbers, RestoringArchive::Step::kApply);
  state.visit(apply);
}

}  // namespace vit
