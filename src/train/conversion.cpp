#include "vit/train/conversion.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"
#include "vit/models/identify.hpp"
#include "vit/models/resnet.hpp"
#include "vit/models/vision_transformer.hpp"
#include "vit/models/weights.hpp"
#include "vit/runtime/npz_file.hpp"
#include "vit/runtime/tensor_archive.hpp"
#include "vit/runtime/tensor_file.hpp"
#include "vit/train/load_table.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/stored_model.hpp"
#include "vit/train/weights_source.hpp"

#include "screen_text.hpp"
#include "transformers_config.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

namespace vit {
namespace {

enum class Container { kSafetensors, kNpz, kFolder };

Container container_of(const fs::path& out) {
  const std::string extension = out.extension();
  if (extension == ".safetensors") return Container::kSafetensors;
  if (extension == ".npz") return Container::kNpz;
  if (extension.empty() || fs::is_directory(out)) return Container::kFolder;
  const bool is_pickle = extension == ".pth" || extension == ".pt" || extension == ".bin";
  throw ConfigError("'" + out.string() + "' is no kind of file that is written" +
                    (is_pickle ? ": pickles are only read" : "") +
                    "\ngive FILE.safetensors (PyTorch, timm), FILE.npz (JAX) or a folder for "
                    "transformers (FOLDER/ where its name has a dot)");
}

bool can_hold(Container container, Layout layout) {
  switch (container) {
    case Container::kNpz:
      return is_original(layout);
    case Container::kFolder:
      return layout == Layout::kHuggingFace;
    case Container::kSafetensors:
      break;
  }
  return !is_original(layout);
}

// Which layout `in` is read with (nothing: as recognised) and `out` written in (nothing: the usual
// one of its container).
struct Sides {
  std::optional<Layout> in, out;
};
Sides sides_of(const ConversionRequest& request, Container container, const NamedTensors& file) {
  if (!request.layout) return {};
  const auto recognised = recognise_layout(file);
  const bool is_of_in = recognised == request.layout;
  const bool fits_out = can_hold(container, *request.layout);
  if (!fits_out && recognised && !is_of_in) {
    throw ConfigError(std::string("'") + request.out.string() + "' cannot hold the layout " +
                      layout_name(*request.layout) + ", and '" + request.in.string() +
                      "' has the names of " + layout_name(*recognised) +
                      "\n.npz holds jax and big_transfer, a folder huggingface, .safetensors timm, "
                      "huggingface and torchvision");
  }
  if (!fits_out) return {request.layout, {}};
  if (is_of_in && container == Container::kSafetensors) return {request.layout, Layout::kTimm};
  return {{}, request.layout};
}

Layout usual_layout(Container container, const NamedTensors& tensors) {
  switch (container) {
    case Container::kSafetensors:
      return Layout::kTimm;
    case Container::kFolder:
      return Layout::kHuggingFace;
    case Container::kNpz:
      break;
  }
  const ModelSection section = section_of(tensors, 0);
  const auto* resnet = section.empty() ? nullptr : section.as<ResNetConfig>();
  const bool is_published_bit = resnet != nullptr && resnet->unit == ResNetUnit::kPreActivation;
  return is_published_bit ? Layout::kBigTransfer : Layout::kJax;
}

// What is known of the network. Nothing when neither the request, the file nor its tensors tell.
struct Described {
  std::optional<StoredModel> model;
  bool has_input = false;  // whether model->input is that of the weights, or just the default
  bool has_heads = false;  // whether the number of attention heads is told, or just the usual one
};

// Presets of equal dimensions (`fitting`) hold the same tensors; which of them it is matters for
// preprocessing only.
std::optional<ModelSection> section_for(const ConversionRequest& request,
                                        const WeightsSource& source,
                                        const std::vector<std::string>& fitting) {
  if (!request.model.empty() || source.model) return identify_model(source, request.model);
  const NamedTensors& tensors = source.weights.tensors;
  ModelSection section =
      fitting.empty() ? section_of(tensors, source.weights.heads) : ModelSection(fitting.front());
  if (section.empty()) return std::nullopt;
  follow_tensors(section, tensors);
  return section;
}

Described describe(const ConversionRequest& request, const WeightsSource& source) {
  Described result;
  const Weights& weights = source.weights;
  const std::vector<std::string> fitting = presets_that_fit(weights.tensors);
  const auto section = section_for(request, source, fitting);
  if (!section) return result;
  const bool is_named = !request.model.empty();
  result.has_input = source.input || is_named || is_original(weights.layout) ||
                     fitting.size() == 1 || request.overrides.contains("input");
  result.has_heads = source.model || is_named || weights.heads > 0 || !fitting.empty() ||
                     request.overrides.contains("model.heads");
  const StoredModel stored{*section, source.input.value_or(input_of_preset(section->name()))};
  result.model = config::read<StoredModel>(request.overrides, stored);
  return result;
}

bool same_shapes(const Model& model, const NamedTensors& tensors) {
  return std::ranges::all_of(model.parameters(), [&](const NamedTensor& wanted) {
    const at::Tensor* found = find_tensor(tensors, wanted.name);
    return found != nullptr && found->sizes() == wanted.tensor.sizes();
  });
}

ModelArgs args_for(const Weights& weights, Allocation allocation) {
  return {.classes = classes_of(weights.tensors),
          .channels = channels_of(weights.tensors),
          .seed = Random(0),
          .allocation = allocation};
}

// The tensors to write, fitted to the model where it is known.
struct Fitted {
  NamedTensors tensors;
  std::unique_ptr<Model> model;  // shapes only, or with the resampled values
  LoadReport report;
};
Fitted fit(const Weights& weights, const std::optional<StoredModel>& stored) {
  if (!stored) return {weights.tensors, nullptr, {}};
  Fitted fitted;
  fitted.model = stored->model.build(args_for(weights, Allocation::kShapesOnly));
  fitted.report = load_weights(*fitted.model, weights, {.head = HeadPolicy::kKeep});
  const bool is_resampled =
      !fitted.report.resized.empty() || !same_shapes(*fitted.model, weights.tensors);
  if (is_resampled) {
    fitted.model = stored->model.build(args_for(weights, Allocation::kUninitialised));
    fitted.report = load_weights(*fitted.model, weights, {.head = HeadPolicy::kKeep});
    fitted.tensors = state_dict(*fitted.model);
    return fitted;
  }
  for (const NamedTensor& entry : state_dict(*fitted.model)) {
    const at::Tensor* values = find_tensor(weights.tensors, entry.name);
    // A fixed table that the file does without is the model's own.
    fitted.tensors.push_back({entry.name, values != nullptr ? *values : entry.tensor});
  }
  return fitted;
}

ExportOptions export_options(const std::optional<StoredModel>& stored, const Weights& weights) {
  const VitConfig* vit = stored ? stored->model.as<VitConfig>() : nullptr;
  if (vit == nullptr) return {.heads = weights.heads};
  return {.heads = vit->heads, .patches = vit->grid().area()};
}

// The number of heads leaves no trace in timm's names.
void require_heads(const Described& described, const std::string& weights) {
  const VitConfig* vit = described.model ? described.model->model.as<VitConfig>() : nullptr;
  if (vit == nullptr || described.has_heads) return;
  throw CheckpointError("weights '" + weights +
                        "' do not tell the number of attention heads, which this layout needs\n"
                        "add --set model.heads=N, or name the model with --model");
}

void write_folder(const fs::path& folder, const NamedTensors& tensors, const StoredModel& stored,
                  const Model& model, const std::vector<std::string>& classes) {
  const auto* vit = stored.model.as<VitConfig>();
  if (vit == nullptr) {
    throw CheckpointError("model '" + stored.model.name() +
                          "' has no form in transformers that is written here\n"
                          "write FILE.safetensors or FILE.npz instead");
  }
  const std::string config = huggingface_config(*vit, model, classes);
  const std::string processor = preprocessor_config(stored.input, model.input_size());
  // Made beside it and moved when whole: a full disk leaves an older export as it was.
  fs::path part = (folder / "").parent_path();  // without a slash at its end
  part += ".partial-" + std::to_string(getpid());
  try {
    fs::create_directories(part);
    write_tensor_file(part / "model.safetensors", tensors, {{"format", "pt"}});
    write_atomically(part / "config.json", config);
    write_atomically(part / "preprocessor_config.json", processor);
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(part))
      fs::rename(entry.path(), folder / entry.path().filename());
    fs::remove(part);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw;
  }
}

void write(const ConversionRequest& request, Container container, Layout layout,
           const Described& described, const Fitted& fitted, const WeightsSource& source) {
  const NamedTensors tensors =
      export_weights(fitted.tensors, layout, export_options(described.model, source.weights));
  if (container == Container::kNpz) return write_npz(request.out, tensors);
  if (layout == Layout::kHuggingFace) {
    if (!described.model) {
      throw CheckpointError("weights '" + source.weights.name +
                            "' are of no known model, so config.json cannot be written\n"
                            "name the model with --model");
    }
    if (container == Container::kFolder)
      return write_folder(request.out, tensors, *described.model, *fitted.model, source.classes);
  }
  const bool describes_itself = layout == Layout::kTimm && described.model && described.has_input;
  write_tensor_file(request.out, tensors,
                    describes_itself
                        ? describe_for_file(described.model->model, described.model->input,
                                            *fitted.model, source.classes)
                        : std::map<std::string, std::string>{{"format", "pt"}});
}

void convert(const ConversionRequest& request) {
  const Container container = container_of(request.out);
  const fs::path file = find_weights(request.in);
  TensorArchive archive = read_tensor_archive(file);
  const Sides sides = sides_of(request, container, archive.tensors);
  const WeightsSource source = weights_in(file, std::move(archive), sides.in);
  const Layout layout = sides.out.value_or(usual_layout(container, source.weights.tensors));
  const Described described = describe(request, source);
  const Fitted fitted = fit(source.weights, described.model);
  if (layout == Layout::kJax || layout == Layout::kHuggingFace)
    require_heads(described, source.weights.name);
  write(request, container, layout, described, fitted, source);

  int64_t parameters = 0;
  for (const NamedTensor& entry : fitted.tensors) parameters += entry.tensor.numel();
  fmt::print("{}", for_screen(fmt::format("{} ({}, {}) \u2192 {} ({})\n", source.weights.name,
                                          source.format, layout_name(source.weights.layout),
                                          request.out.string(), layout_name(layout))));
  fmt::print("model     {}\n", described.model ? described.model->model.name() : "unknown");
  fmt::print("{}", for_screen(fmt::format("tensors   {} ({} parameters)\n", fitted.tensors.size(),
                                          grouped(parameters))));
  if (fitted.model) fmt::print("{}\n", load_table(fitted.report));
}

}  // namespace

// What the file system refuses is about weights here, not about data.
void convert_weights(const ConversionRequest& request) {
  try {
    convert(request);
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  } catch (const fs::filesystem_error& error) {
    throw CheckpointError("cannot use '" + error.path1().string() + "': " + error.code().message() +
                          "\ngive a path that can be read or written");
  }
}

}  // namespace vit
