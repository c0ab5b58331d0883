// Regular expressions on parameter names decide weight decay, learning-rate scale and freezing.
#pragma once

#include "vit/runtime/flat_parameters.hpp"

#include <string>
#include <vector>

namespace vit {

// One entry of the `parameters` list.
struct ParameterRule {
  std::string match;      // ECMAScript regular expression, searched for anywhere in the name
  double decay = 1.0;     // factor on optimizer.weight_decay
  double lr_scale = 1.0;  // factor on the scheduled rate
  bool frozen = false;
  static constexpr auto describe();
};

// The traits of each parameter: the first rule whose expression is found in its name; a parameter no rule matches keeps the
// defaults (decayed, full rate, trained). Throws ConfigError naming every rule that matches no parameter at all, with the
// closest parameter names, every expression that is no regular expression, and the case that nothing is left to train.
std::vector<ParameterTraits> apply_policy(const std::vector<ParameterRule>& rules, const NamedTensors& parameters);

}  // namespace vit
