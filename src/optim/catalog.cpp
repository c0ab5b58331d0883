// The one list of optimizers. Schedules, losses and averages are small and listed in their own
// files.
#include "vit/optim/optimizer.hpp"

namespace vit {

void add_adam(Optimizers::Catalog& optimizers);
void add_sgd(Optimizers::Catalog& optimizers);

const Optimizers::Catalog& Optimizers::catalog() {
  static const Catalog all = [] {
    Catalog c("optimizer");
    add_adam(c);
    add_sgd(c);
    return c;
  }();
  return all;
}

}  // namespace vit
