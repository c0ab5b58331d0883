// The catalogue of models with what each costs: what vit-models prints.
#pragma once

#include "vit/config/document.hpp"

#include <string>

namespace vit {

struct ModelListRequest {
  std::string pattern = "*";  // of a name or alias; * and ?
  int64_t classes = 1000;
  config::Document overrides;  // --set model..., --image-size
};

// A table of name, parameters, multiply-accumulates of one image, resolution and tokens. Throws
// ConfigError when nothing matches.
std::string model_table(const ModelListRequest& request);

// One model as JSON: name, aliases, parameters, macs, image_size (a number, or [height, width]),
// tokens, tensors: [[name, shape], ...] in timm's order. `request.pattern` is its name.
std::string model_json(const ModelListRequest& request);

}  // namespace vit
