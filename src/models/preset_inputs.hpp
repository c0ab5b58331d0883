// What the published weights of each preset expect of their images: filled together with the model
// catalogue, one line beside each preset.
#pragma once

#include "vit/models/preset_input.hpp"

#include <map>
#include <string>

namespace vit {

using PresetInputs = std::map<std::string, PresetInput>;  // by canonical name

// timm's evaluation preprocessing. Half: mean and deviation 0.5.
enum class Input { kHalf224, kHalf384, kImageNet224, kImageNet384, kBit224 };
PresetInput published_input(Input input);

}  // namespace vit
