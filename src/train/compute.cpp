#include "vit/train/compute.hpp"

namespace vit {

double training_exaflops(const ModelCost& cost, int64_t images) {
  constexpr double kOperationsPerMac = 2, kForwardAndBackward = 3, kExa = 1e18;
  return kOperationsPerMac * kForwardAndBackward * cost.macs_unpadded *
         static_cast<double>(images) / kExa;
}

}  // namespace vit
