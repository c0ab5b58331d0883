// What a probe found: numbers, and what tells each from the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vit {

struct ProbeSetting {
  std::string name;             // "shots", "seed", "l2", "k"
  std::optional<double> value;  // nothing where it has no meaning: the seed of a fixed order
};

// Top-1 on the test split under one choice of settings.
struct ProbeResult {
  std::vector<ProbeSetting> settings;
  int64_t n = 0, count = 0;  // labelled examples, and those that were named rightly

  double top1() const { return n == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(n); }
};

struct ProbeAnswer {
  std::string probe;  // "few_shot", "knn"
  std::vector<ProbeResult> results;
};

}  // namespace vit
