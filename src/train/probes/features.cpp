#include "features.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace vit {
namespace {

// Some of another data set's examples, which outlives it.
class Selection final : public Dataset {
 public:
  Selection(const Dataset& all, const std::vector<int64_t>& places) : all_(all), places_(places) {}
  int64_t size() const override { return static_cast<int64_t>(places_.size()); }
  int64_t label(int64_t index) const override { return all_.label(row(index)); }
  Picture picture(int64_t index) const override { return all_.picture(row(index)); }
  std::string name(int64_t index) const override { return all_.name(row(index)); }

 private:
  int64_t row(int64_t index) const { return places_.at(static_cast<size_t>(index)); }

  const Dataset& all_;
  const std::vector<int64_t>& places_;
};

}  // namespace

// The hidden layer of the head comes after the pooling, so the last one seen is the one to keep.
void FeatureTap::see(const std::string& name, const at::Tensor& value) {
  if (name == "pooled" || name == "pre_logits") value_ = value;
}

at::Tensor FeatureTap::features() const {
  VIT_CHECK(value_.defined() && value_.dim() == 2, "a network that shows no features");
  return value_.to(at::kCPU, at::kFloat);
}

void FeatureRows::add(const at::Tensor& values, const at::Tensor& labels) {
  if (filled_ == 0) {
    rows_.values = at::empty({n_, values.size(1)}, at::kFloat);
    rows_.labels = at::empty({n_}, at::kLong);
  }
  rows_.values.slice(0, filled_, filled_ + values.size(0)).copy_(values);
  rows_.labels.slice(0, filled_, filled_ + values.size(0)).copy_(labels);
  filled_ += values.size(0);
}

Features FeatureRows::take() {
  VIT_CHECK(filled_ == n_, "a split that gave fewer features than it has examples");
  if (n_ == 0) return {at::empty({0, 0}, at::kFloat), at::empty({0}, at::kLong)};
  return std::move(rows_);
}

std::optional<Features> extract_features(const Model& model, const EvalPlan& plan) {
  FeatureTap tap;
  FeatureRows rows(plan.dataset->size());
  const SplitPass pass = pass_over(plan, [&](const Batch& batch) {
    model.forward(batch.images, Mode::kEval, &tap);
    rows.add(tap.features(), batch.targets);
  });
  if (!pass.complete) return std::nullopt;
  if (pass.unreadable_count > 0) {
    spdlog::warn("{} unreadable image(s) left out of the features:\n  {}", pass.unreadable_count,
                 join(pass.unreadable, "\n  "));
  }
  return rows.take();
}

std::optional<Features> extract_features(const Model& model, const EvalPlan& plan,
                                         const std::vector<int64_t>& places) {
  const Selection some(*plan.dataset, places);
  EvalPlan narrowed = plan;
  narrowed.dataset = &some;
  return extract_features(model, narrowed);
}

}  // namespace vit
