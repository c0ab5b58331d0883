// What the BiT-HyperRule says of the user's data, as a layer of the configuration.
#pragma once

#include "vit/config/document.hpp"

#include <string>

namespace vit {

// For a document whose schedule is `bit_hyperrule`: YAML with `steps`, `model.image`, `augment` and
// `mix` as the rule has them for the number and the size of its training images, which are opened
// for that; "" for any other document. Says what it found in the log. Throws ConfigError for a
// document that cannot be read, DataError.
std::string hyperrule_layer(const config::Document& document);

}  // namespace vit
