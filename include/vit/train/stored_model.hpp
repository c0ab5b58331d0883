// What a weight file says about itself: the model section, the preprocessing and the classes travel
// in its metadata, so that it needs no other file.
#pragma once

#include "vit/data/transform.hpp"
#include "vit/models/model.hpp"

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace vit {

struct StoredModel {
  ModelSection model{"vit_b16"};
  InputConfig input;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&StoredModel::model>("The network."),
                      field<&StoredModel::input>("What it expects of an image.")};
  }
};

// Metadata of a safetensors file: `format`, `arch`, `num_classes`, `img_size`, `channels`, `mean`,
// `std`, `interpolation`, `crop_pct` and `class_names` for readers in Python, and under `vit` the
// sections from which this program rebuilds the model.
std::map<std::string, std::string> describe_for_file(const ModelSection& section,
                                                     const InputConfig& input, const Model& model,
                                                     const std::vector<std::string>& classes);

// The inverse; nothing for files of other programs. Throws CheckpointError when the entry is there
// but cannot be read.
std::optional<StoredModel> stored_model(const std::map<std::string, std::string>& metadata,
                                        const std::string& source);
std::vector<std::string> stored_classes(const std::map<std::string, std::string>& metadata);

}  // namespace vit
