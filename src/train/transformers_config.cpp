#include "transformers_config.hpp"

#include "vit/core/error.hpp"
#include "vit/models/identify.hpp"
#include "vit/models/vision_transformer.hpp"

#include "json_fields.hpp"

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

using Json = nlohmann::json;

constexpr double kUsualEps = 1e-12;  // of transformers' ViT, where config.json does not say
constexpr int kPillowBilinear = 2, kPillowBicubic = 3;  // numbers of Pillow's filters

// The object in a file; an empty one when there is no such file.
Json read_object(const fs::path& file) {
  if (!fs::is_regular_file(file)) return Json::object();
  Json object = parse_json(read_text(file));
  if (!object.is_object()) {
    throw CheckpointError("'" + file.string() +
                          "' is no JSON object\nget it again, or move it away to do without it");
  }
  return object;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& what) {
  throw CheckpointError("'" + file.string() + "' says " + what +
                        "\ncorrect it, or move it away to do without it");
}

// id2label in order; nothing for the placeholders LABEL_0, ... or when one is missing.
std::vector<std::string> class_names(const Json& config) {
  const auto labels = config.find("id2label");
  std::vector<std::string> names;
  if (labels == config.end() || !labels->is_object()) return names;
  for (size_t i = 0; i < labels->size(); ++i) {
    const std::string key = std::to_string(i), name = text_at(*labels, key.c_str());
    if (name.empty() || name == "LABEL_" + key) return {};
    names.push_back(name);
  }
  return names;
}

std::optional<std::vector<double>> three_numbers(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() != 3) return std::nullopt;
  std::vector<double> values;
  for (const Json& value : *found) {
    if (!value.is_number()) return std::nullopt;
    values.push_back(value.get<double>());
  }
  return values;
}

// A side in pixels from 224, {"height": 224, ..} or {"shortest_edge": 224}; 0 when absent.
double side(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  if (found->is_number()) return found->get<double>();
  if (!found->is_object()) return 0;
  return number_at(*found, "height", number_at(*found, "shortest_edge", 0));
}

std::optional<InputConfig> input_of(const Json& processor, const fs::path& file) {
  const auto mean = three_numbers(processor, "image_mean"),
             std = three_numbers(processor, "image_std");
  if (!mean || !std) return std::nullopt;
  if (std::ranges::any_of(*std, [](double value) { return !(value > 0); }))
    refuse(file, "image_std: " + processor["image_std"].dump() + "; all must be above 0");
  InputConfig input;
  input.mean = *mean;
  input.std = *std;
  input.interpolation = number_at(processor, "resample", kPillowBilinear) == kPillowBicubic
                            ? Interpolation::kBicubic
                            : Interpolation::kBilinear;
  const double size = side(processor, "size"), crop = side(processor, "crop_size");
  const bool is_cropped = processor.value("do_center_crop", Json(false)) == Json(true);
  input.resize = is_cropped ? InputConfig::Resize::kShorter : InputConfig::Resize::kSquash;
  if (processor.value("do_resize", Json(true)) == Json(false))
    input.resize = InputConfig::Resize::kNone;
  if (is_cropped && crop > 0 && size >= crop) input.crop = crop / size;
  return input;
}

// Attention heads as config.json has them; 0 when it does not say.
int64_t heads_of(const Json& config, const fs::path& file) {
  const auto found = config.find("num_attention_heads");
  if (found == config.end()) return 0;
  constexpr int64_t kMost = 1024;
  const int64_t heads = found->is_number_integer() ? found->get<int64_t>() : 0;
  const int64_t width = std::llround(number_at(config, "hidden_size", 0));
  if (heads < 1 || heads > kMost || (width > 0 && width % heads != 0))
    refuse(file, "num_attention_heads: " + found->dump() + ", which no network of width " +
                     std::to_string(width) + " has");
  return heads;
}

Gelu activation_of(const Json& config, const fs::path& file) {
  const std::string name = text_at(config, "hidden_act");
  if (name.empty() || name == "gelu") return Gelu::kErf;
  for (const char* tanh : {"gelu_new", "gelu_pytorch_tanh", "gelu_fast"}) {
    if (name == tanh) return Gelu::kTanh;
  }
  refuse(file, "hidden_act: " + name + "; networks here have gelu or gelu_pytorch_tanh");
}

// The patches of the images that config.json names; 0x0 when it does not say.
Extent grid_of(const Json& config) {
  const double image = number_at(config, "image_size", 0),
               patch = number_at(config, "patch_size", 0);
  if (image < 1 || patch < 1 || image > 1e5) return {};
  return square(static_cast<int64_t>(image) / static_cast<int64_t>(patch));
}

// The network as far as the tensors and config.json tell.
std::optional<ModelSection> model_of(const Json& config, const fs::path& file,
                                     const Weights& weights) {
  if (weights.heads == 0) return std::nullopt;
  const std::vector<std::string> fitting = presets_that_fit(weights.tensors);
  ModelSection section = section_of(weights.tensors, weights.heads);
  for (const std::string& name : fitting) {
    const ModelSection preset(name);
    const auto* vit = preset.as<VitConfig>();
    if (vit != nullptr && vit->heads == weights.heads) {
      section = preset;
      break;
    }
  }
  auto* vit = section.mutate<VitConfig>();
  if (vit == nullptr) return std::nullopt;
  vit->gelu = activation_of(config, file);
  vit->norm_eps = number_at(config, "layer_norm_eps", kUsualEps);
  if (!(vit->norm_eps > 0)) refuse(file, "layer_norm_eps: " + config["layer_norm_eps"].dump());
  follow_tensors(section, weights.tensors);
  return section;
}

}  // namespace

void read_transformers_config(const fs::path& folder, WeightsSource& source) {
  const fs::path file = folder / "config.json", processor = folder / "preprocessor_config.json";
  const Json config = read_object(file);
  Weights& weights = source.weights;
  if (weights.heads == 0) weights.heads = heads_of(config, file);
  if (!weights.grid.is_set()) weights.grid = grid_of(config);
  if (!source.model) source.model = model_of(config, file, weights);
  if (source.classes.empty()) source.classes = class_names(config);
  if (static_cast<int64_t>(source.classes.size()) != classes_of(weights.tensors))
    source.classes.clear();
  if (!source.input) source.input = input_of(read_object(processor), processor);
}

std::string preprocessor_config(const InputConfig& input, Extent image) {
  const auto per_channel = [](const std::vector<double>& values) {
    return values.size() == 3 ? values : std::vector<double>(3, values.at(0));
  };
  const bool is_cropped = input.resize == InputConfig::Resize::kShorter;
  if (is_cropped && image.height != image.width) {
    throw CheckpointError("transformers resizes and crops to squares only, the input is " +
                          to_string(image) + "\nset input.resize=squash");
  }
  const Json size = {{"height", image.height}, {"width", image.width}};
  Json processor = {
      {"image_processor_type", is_cropped ? "DeiTImageProcessor" : "ViTImageProcessor"},
      {"do_resize", input.resize != InputConfig::Resize::kNone},
      {"do_rescale", true},
      {"rescale_factor", 1.0 / 255.0},
      {"do_normalize", true},
      {"image_mean", per_channel(input.mean)},
      {"image_std", per_channel(input.std)},
      {"resample",
       input.interpolation == Interpolation::kBicubic ? kPillowBicubic : kPillowBilinear},
      {"size", size}};
  if (is_cropped) {
    const auto shorter =
        static_cast<int64_t>(std::floor(static_cast<double>(image.height) / input.crop));
    processor["size"] = {{"shortest_edge", shorter}};
    processor["do_center_crop"] = true;
    processor["crop_size"] = size;
  }
  return processor.dump(2) + "\n";
}

}  // namespace vit
