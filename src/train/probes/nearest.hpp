// Classification by the nearest examples in the space of the features.
#pragma once

#include "vit/train/probe.hpp"

#include "train/repeats.hpp"

#include <cstdint>
#include <vector>

namespace vit {

struct KnnConfig {
  std::vector<int64_t> k = {20};
  double temperature = 0.07;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&KnnConfig::k>("Neighbours that vote; each number is asked for.", positive,
                             not_empty),
        field<&KnnConfig::temperature>(
            "A neighbour of cosine similarity s has a vote of exp(s / temperature).", positive)};
  }
  void check(config::Problems& problems) const {
    problems.require(!has_repeats(k), "k", "has a number twice");
  }
};

// The class most neighbours vote for, for every k of the configuration: [m] int64 each. queries
// [m, D]; all rows of `known` are labelled, in {0, .., classes-1}, and no k exceeds their number.
std::vector<at::Tensor> nearest_classes(const Features& known, const at::Tensor& queries,
                                        int64_t classes, const KnnConfig& config);

}  // namespace vit
