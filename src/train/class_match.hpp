// Whether the classes of a data set are those of a model, and which is which.
#pragma once

#include "vit/train/evaluation_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vit {

struct ClassMatch {
  std::vector<int64_t> labels;  // the model's class by class of the data; empty: the same numbers
  std::vector<std::string> names;  // of the model's classes; empty: nobody knows them
  std::string misfit;              // why they do not match, and what to do; "": they do
};

// `own`: classes of the data; `known`: those stored with the weights, perhaps none; `outputs` of
// the model. Throws DataError when a mapping that was asked for (config) does not work out.
ClassMatch match_classes(const std::vector<std::string>& own, const std::vector<std::string>& known,
                         int64_t outputs, const ClassesConfig& config);

}  // namespace vit
