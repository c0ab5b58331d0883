#include "catalog.hpp"

namespace vit {

// The one list of transforms.
const Transforms::Catalog& Transforms::catalog() {
  static const Catalog all = [] {
    Catalog c("transform");
    add_inception_crop(c);
    add_resize(c);
    add_resize_shorter(c);
    add_center_crop(c);
    add_random_crop(c);
    add_flip(c);
    add_randaugment(c);
    add_autoaugment(c);
    add_trivial_augment(c);
    add_three_augment(c);
    add_color_jitter(c);
    add_grayscale(c);
    add_gaussian_blur(c);
    add_cutout(c);
    add_random_erasing(c);
    return c;
  }();
  return all;
}

}  // namespace vit
