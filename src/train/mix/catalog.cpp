// The one list of mixes.
#include "vit/train/mix.hpp"

namespace vit {

void add_no_mix(Mixes::Catalog& mixes);
void add_mixup(Mixes::Catalog& mixes);
void add_cutmix(Mixes::Catalog& mixes);
void add_mixup_or_cutmix(Mixes::Catalog& mixes);

const Mixes::Catalog& Mixes::catalog() {
  static const Catalog all = [] {
    Catalog c("mix");
    add_no_mix(c);
    add_mixup(c);
    add_cutmix(c);
    add_mixup_or_cutmix(c);
    return c;
  }();
  return all;
}

}  // namespace vit
