// Parts made as users make them: from a line of YAML.
#pragma once

#include "vit/config/reader.hpp"
#include "vit/optim/averaging.hpp"
#include "vit/optim/loss.hpp"
#include "vit/optim/optimizer.hpp"
#include "vit/optim/schedule.hpp"

#include <ATen/ATen.h>

#include <string>

namespace vit::test {

template <class SectionType>
struct OneSection {
  SectionType section;
  static constexpr auto describe() {
    return std::tuple{config::field<&OneSection::section>("The section under test.")};
  }
};

// "name: sgd, momentum: 0.5" -> the section.
template <class SectionType>
SectionType section(const std::string& keys) {
  const auto document = config::Document::from_text("section: {" + keys + "}\n", "test");
  return config::read<OneSection<SectionType>>(document).section;
}

inline std::unique_ptr<Optimizer> optimizer(const std::string& keys,
                                            const FlatParameters& parameters) {
  return section<OptimizerSection>(keys).build(parameters);
}

// The flag that optimizers and averages take.
inline at::Tensor no_skip() { return at::zeros({}); }
inline at::Tensor do_skip() { return at::ones({}); }

// Two parameters, of which the second is not decayed and learns at half the rate.
inline NamedTensors two_parameters() {
  NamedTensors p = {{"weight", at::randn({6, 5})}, {"bias", at::randn({7})}};
  for (auto& entry : p) entry.tensor.set_requires_grad(true);
  return p;
}
inline std::vector<ParameterTraits> two_traits() { return {{}, {.decay = 0, .lr_scale = 0.5}}; }

}  // namespace vit::test
