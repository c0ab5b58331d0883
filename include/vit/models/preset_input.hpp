// The preprocessing a model preset was made for, as plain numbers. The layer above turns it into
// the `input` section.
#pragma once

#include <array>
#include <optional>
#include <string>

namespace vit {

struct PresetInput {
  std::array<double, 3> mean;  // of red, green, blue in [0, 1]
  std::array<double, 3> std;
  std::string interpolation;  // "bicubic" or "bilinear"
  double crop =
      1.0;  // share of the resized image's shorter side that the central crop keeps in evaluation
};

// Of a preset under any of its names; nothing when the name stands for a free configuration, or is
// unknown.
std::optional<PresetInput> preset_input(const std::string& model_name);

}  // namespace vit
