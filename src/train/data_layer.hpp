// The `data` section that a path stands for, as YAML.
#pragma once

#include "vit/config/component.hpp"
#include "vit/data/dataset.hpp"

#include <filesystem>
#include <string>
#include <tuple>

namespace vit {

// A configuration of data alone, to be read or written by itself.
struct DataLayer {
  DataSection data;

  static constexpr auto describe() {
    return std::tuple{config::field<&DataLayer::data>("The images and labels.")};
  }
};

// `text` as a quoted YAML string; bytes that are no UTF-8 become U+FFFD.
std::string yaml_string(const std::string& text);

// "data: {name: folder, root: "/images"}" and a line break: the data set called `name` at `root`.
std::string data_layer(const std::string& name, const std::filesystem::path& root);

}  // namespace vit
