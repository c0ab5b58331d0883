// Makers of the catalogue's objectives.
#pragma once

#include "vit/train/objective.hpp"

namespace vit {

void add_classification(Objectives::Catalog& catalog);
void add_masked_patches(Objectives::Catalog& catalog);

}  // namespace vit
