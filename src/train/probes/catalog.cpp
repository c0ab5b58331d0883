// The one list of probes.
#include "vit/train/probe.hpp"

namespace vit {

void add_few_shot(Probes::Catalog& probes);
void add_knn(Probes::Catalog& probes);

const Probes::Catalog& Probes::catalog() {
  static const Catalog all = [] {
    Catalog c("probe");
    add_few_shot(c);
    add_knn(c);
    return c;
  }();
  return all;
}

}  // namespace vit
