#include "data_layer.hpp"

#include <nlohmann/json.hpp>

namespace vit {

// A JSON string is a YAML string too.
std::string yaml_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string data_layer(const std::string& name, const std::filesystem::path& root) {
  return "data: {name: " + name + ", root: " + yaml_string(root.string()) + "}\n";
}

}  // namespace vit
