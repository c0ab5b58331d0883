#include "vit/train/evaluation_config.hpp"

#include <algorithm>

namespace vit {

void EvaluationConfig::check(config::Problems& problems) const {
  problems.require(few_shot.entry_name() == "few_shot", "few_shot.name", "is few_shot here");
  problems.require(knn.entry_name() == "knn", "knn.name", "is knn here");
}

bool is_evaluation_key(std::string_view assignment) {
  const std::string_view key = assignment.substr(0, assignment.find_first_of(".="));
  return std::ranges::any_of(config::type_of<EvaluationConfig>().fields,
                             [&](const config::FieldInfo& field) { return field.key == key; });
}

}  // namespace vit
