// A transform as a configuration file spells it.
#pragma once

#include "vit/config/reader.hpp"
#include "vit/data/transform.hpp"

#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace vit::test {

struct AugmentConfig {
  std::vector<TransformSection> augment;
  static constexpr auto describe() {
    return std::tuple{config::field<&AugmentConfig::augment>("Transforms.")};
  }
};

// `text`: "{name: flip}".
inline std::unique_ptr<Transform> transform_from_yaml(const std::string& text,
                                                      const TransformContext& context) {
  const auto document = config::Document::from_text("augment: [" + text + "]\n", "test.yaml");
  return config::read<AugmentConfig>(document).augment.at(0).build(context);
}

}  // namespace vit::test
