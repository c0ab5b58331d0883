// What each file of this folder adds to the catalogue, and what those share that only crop, resize
// or mirror.
#pragma once

#include "vit/data/transform.hpp"

namespace vit {

class PlannedTransform : public Transform {
 public:
  Image apply(Image image, Random random) const final {
    const std::optional<CropPlan> all = plan(image.extent(), random);
    return *all == whole_plan(image.extent()) ? std::move(image) : apply_plan(image, *all);
  }
  std::optional<CropPlan> plan(Extent image, Random random) const override = 0;
};

void add_inception_crop(Transforms::Catalog& catalog);
void add_resize(Transforms::Catalog& catalog);
void add_resize_shorter(Transforms::Catalog& catalog);
void add_center_crop(Transforms::Catalog& catalog);
void add_random_crop(Transforms::Catalog& catalog);
void add_flip(Transforms::Catalog& catalog);
void add_randaugment(Transforms::Catalog& catalog);
void add_autoaugment(Transforms::Catalog& catalog);
void add_trivial_augment(Transforms::Catalog& catalog);
void add_three_augment(Transforms::Catalog& catalog);
void add_color_jitter(Transforms::Catalog& catalog);
void add_grayscale(Transforms::Catalog& catalog);
void add_gaussian_blur(Transforms::Catalog& catalog);
void add_cutout(Transforms::Catalog& catalog);
void add_random_erasing(Transforms::Catalog& catalog);

}  // namespace vit
