// Frozen representations: what the head of a network sees. `pre_logits` (after its tanh) where
// there is such a layer, else the pooled token or mean after the final norm; the pooled map of a
// ResNet.
#pragma once

#include "vit/train/evaluator.hpp"
#include "vit/train/probe.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vit {

// Catches the representation while a network runs.
class FeatureTap final : public Taps {
 public:
  bool wants(const std::string& /*name*/) const override { return false; }  // no attention maps
  void see(const std::string& name, const at::Tensor& value) override;
  // Of the last forward pass: [B, D] float32, on the CPU.
  at::Tensor features() const;

 private:
  at::Tensor value_;
};

// Rows of a split as they come, for one tensor of known length.
class FeatureRows {
 public:
  explicit FeatureRows(int64_t n) : n_(n) {}
  void add(const at::Tensor& values, const at::Tensor& labels);
  Features take();  // all n rows; empty the first time only

 private:
  int64_t n_, filled_ = 0;
  Features rows_;
};

// The features of plan.dataset's examples at `places` (ascending), in that order. Nothing when
// cancelled. Throws what the loader throws.
std::optional<Features> extract_features(const Model& model, const EvalPlan& plan,
                                         const std::vector<int64_t>& places);
// Of all of them.
std::optional<Features> extract_features(const Model& model, const EvalPlan& plan);

}  // namespace vit
