// Regular expressions on parameter names decide weight decay, learning-rate scale and freezing.
#pragma once

#include "vit/config/schema.hpp"
#include "vit/runtime/flat_parameters.hpp"

#include <string>
#include <tuple>
#include <vector>

namespace vit {

// One entry of the `parameters` list.
struct ParameterRule {
  std::string match;      // ECMAScript regular expression, searched for anywhere in the name
  double decay = 1.0;     // factor on optimizer.weight_decay
  double lr_scale = 1.0;  // factor on the scheduled rate
  bool frozen = false;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ParameterRule::match>(
            "Regular expression, searched for anywhere in the parameter's name.", not_empty),
        field<&ParameterRule::decay>("Factor on the optimizer's weight decay.", non_negative),
        field<&ParameterRule::lr_scale>("Factor on the scheduled learning rate.", non_negative),
        field<&ParameterRule::frozen>("Leave these parameters as they are.")};
  }
};

// The traits of each parameter: the first rule whose expression is found in its name; a parameter
// no rule matches keeps the defaults (decayed, full rate, trained). Throws ConfigError naming every
// rule that matches no parameter at all, with the closest parameter names, every expression that is
// no regular expression, and the case that nothing is left to train.
std::vector<ParameterTraits> apply_policy(const std::vector<ParameterRule>& rules,
                                          const NamedTensors& parameters);

}  // namespace vit
