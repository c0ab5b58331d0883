// The one list of model families.
#include "families.hpp"

namespace vit {

const Models::Catalog& Models::catalog() {
  static const Catalog all = [] {
    Catalog models("model");
    add_vision_transformer(models);
    return models;
  }();
  return all;
}

}  // namespace vit
