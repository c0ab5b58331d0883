#include "vit/train/stored_model.hpp"

#include "vit/config/reader.hpp"
#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/version.hpp"

#include <nlohmann/json.hpp>

namespace vit {

std::map<std::string, std::string> describe_for_file(const ModelSection& section,
                                                     const InputConfig& input, const Model& model,
                                                     const std::vector<std::string>& classes) {
  const nlohmann::json names = classes, mean = input.mean, std = input.std, crop = input.crop;
  return {
      {"format", "pt"},
      {"framework", "vit " + build_info().version},
      {"arch", section.name()},
      {"num_classes", std::to_string(model.classes())},
      {"channels", std::to_string(model.channels())},
      {"img_size", to_string(model.input_size())},
      {"mean", mean.dump()},
      {"std", std.dump()},
      {"crop_pct", crop.dump()},
      {"interpolation", input.interpolation == Interpolation::kBicubic ? "bicubic" : "bilinear"},
      {"class_names", names.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
      {"vit", config::write(StoredModel{section, input})},
  };
}

std::optional<StoredModel> stored_model(const std::map<std::string, std::string>& metadata,
                                        const std::string& source) {
  const auto entry = metadata.find("vit");
  if (entry == metadata.end()) return std::nullopt;
  try {
    return config::read<StoredModel>(
        config::Document::from_text(entry->second, "metadata of " + source));
  } catch (const Error& error) {
    throw CheckpointError("the model description in '" + source + "' cannot be read\n" +
                          error.what());
  }
}

std::vector<std::string> stored_classes(const std::map<std::string, std::string>& metadata) {
  const auto entry = metadata.find("class_names");
  if (entry == metadata.end()) return {};
  const auto names = nlohmann::json::parse(entry->second, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> classes;
  if (!names.is_array()) return classes;
  for (const auto& name : names)
    classes.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  return classes;
}

}  // namespace vit
