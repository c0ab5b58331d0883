// The `data` section that a path stands for, as YAML.
#pragma once

#include <filesystem>
#include <string>

namespace vit {

// `text` as a quoted YAML string; bytes that are no UTF-8 become U+FFFD.
std::string yaml_string(const std::string& text);

// "data: {name: folder, root: "/images"}" and a line break: the data set called `name` at `root`.
std::string data_layer(const std::string& name, const std::filesystem::path& root);

}  // namespace vit
