// The one list of objectives.
#include "objectives.hpp"

namespace vit {

const Objectives::Catalog& Objectives::catalog() {
  static const Catalog all = [] {
    Catalog c("objective");
    add_classification(c);
    add_masked_patches(c);
    return c;
  }();
  return all;
}

}  // namespace vit
