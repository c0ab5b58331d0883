// The one list of model families.
#include "families.hpp"

namespace vit {

namespace {

struct Zoo {
  Models::Catalog catalog{"model"};
  PresetInputs inputs;
};

const Zoo& zoo() {
  static const Zoo all = [] {
    Zoo zoo;
    add_vision_transformer(zoo.catalog, zoo.inputs);
    add_resnet(zoo.catalog, zoo.inputs);
    return zoo;
  }();
  return all;
}

}  // namespace

const Models::Catalog& Models::catalog() { return zoo().catalog; }

std::optional<PresetInput> preset_input(const std::string& model_name) {
  const auto& [catalog, inputs] = zoo();
  if (!catalog.contains(model_name)) return std::nullopt;
  const auto found = inputs.find(catalog.canonical(model_name));
  if (found == inputs.end()) return std::nullopt;
  return found->second;
}

}  // namespace vit
