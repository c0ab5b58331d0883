// How a label comes out of what a record holds, where it is no feature of its own: the number of
// objects, the distance of the closest one in bins, a fine value in coarser steps. VTAB's tasks are
// made so (Zhai et al. 2020, "A Large-scale Study of Representation Learning with the Visual Task
// Adaptation Benchmark").
#pragma once

#include "vit/config/component.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vit {

class LabelRule {
 public:
  virtual ~LabelRule() = default;
  // The features it computes the label from; none: from the label that is there.
  virtual std::vector<std::string> features() const { return {}; }
  // Of rules without features. Both throw DataError, and leave it to the caller to name the record.
  virtual int64_t from_label(int64_t label) const { return label; }
  // values[i]: all numbers of features()[i], an array's row by row.
  virtual int64_t from_features(const std::vector<std::vector<double>>& values) const;
};

// Catalogue of rules: `data: {name: tfrecord, label: {name: count, feature: objects/size}}`.
struct LabelRules {
  using Catalog = config::Catalog<LabelRule>;
  static const Catalog& catalog();
};
using LabelSection = config::Component<LabelRules>;

}  // namespace vit
