// What each file of this folder adds to the catalogue.
#pragma once

#include "vit/data/transform.hpp"

namespace vit {

void add_inception_crop(Transforms::Catalog& catalog);
void add_resize(Transforms::Catalog& catalog);
void add_resize_shorter(Transforms::Catalog& catalog);
void add_center_crop(Transforms::Catalog& catalog);
void add_random_crop(Transforms::Catalog& catalog);
void add_flip(Transforms::Catalog& catalog);

}  // namespace vit
