#include "vit/train/evaluator.hpp"

#include "vit/core/stopwatch.hpp"

#include "probes/features.hpp"

#include <ATen/ATen.h>

#include <limits>

namespace vit {

at::Tensor count_correct(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor labelled = labels >= 0;                                              // [B]
  const at::Tensor own = labels.clamp_min(0).unsqueeze(1);                              // [B, 1]
  const at::Tensor score = logits.gather(1, own);                                       // [B, 1]
  const at::Tensor number = at::arange(logits.size(1), labels.options()).unsqueeze(0);  // [1, K]
  const at::Tensor before =
      at::logical_or(logits > score, at::logical_and(logits == score, number < own));
  // A logit that is no number orders before nothing; count such rows as wrong.
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  const at::Tensor rank = before.sum(1).masked_fill(at::isnan(logits).any(1), kNever);  // [B]
  const at::Tensor top1 = at::logical_and(rank < 1, labelled),
                   top5 = at::logical_and(rank < 5, labelled);
  return at::stack({top1.sum(), top5.sum()});
}

at::Tensor only_valid(const at::Tensor& logits, const at::Tensor& valid) {
  if (!valid.defined()) return logits;
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  return logits.masked_fill(valid.logical_not().to(logits.device()), kNever);
}

SplitPass pass_over(const EvalPlan& plan, const std::function<void(const Batch&)>& visit) {
  const Stopwatch clock;
  const NoGrad no_grad;
  const int64_t size = plan.dataset->size();
  auto loader = std::make_unique<Loader>(*plan.dataset, *plan.pipeline,
                                         Sampler(size, Random(0), Sampler::Order::kSequential),
                                         Random(0), plan.loader, 0, size);
  BatchStream batches(std::move(loader), plan.loader,
                      normalisation_for(plan.input, plan.loader.channels), plan.device);
  SplitPass result;
  for (Batch batch = batches.next(); batch.size() > 0; batch = batches.next()) {
    if (plan.cancelled && plan.cancelled()) {
      result.complete = false;
      return result;
    }
    if (!batch.replaced.empty())
      batch.targets.index_fill_(0, at::tensor(batch.replaced).to(plan.device), kUnreadable);
    {
      const AutocastGuard autocast(plan.device, plan.precision);
      visit(batch);
    }
    result.images += batch.size();
    if (plan.progress) plan.progress(result.images);
  }
  result.unreadable = batches.loader().skipped_names();
  result.unreadable_count = batches.loader().skipped();
  result.seconds = clock.seconds();
  return result;
}

namespace {

// Labelled examples, those right at rank 1 and 5, and the sum of the losses, on the device.
class Sums {
 public:
  explicit Sums(at::Device device)
      : counts_(at::zeros({3}, at::TensorOptions().device(device).dtype(at::kLong))),
        loss_(at::zeros({}, at::TensorOptions().device(device).dtype(at::kDouble))) {}

  void add(const at::Tensor& logits, const at::Tensor& targets) {
    const at::Tensor labelled = targets >= 0;
    counts_.add_(at::cat({labelled.sum().unsqueeze(0), count_correct(logits, targets)}));
    const at::Tensor own =
        at::log_softmax(logits, 1).gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1);
    loss_.sub_(at::where(labelled, own, at::zeros_like(own)).sum(at::kDouble));
  }

  void read_into(Evaluation& result) const {
    const at::Tensor host = counts_.cpu();
    const int64_t* count = host.const_data_ptr<int64_t>();
    result.n = count[0];
    result.top1_count = count[1];
    result.top5_count = count[2];
    result.loss = result.n > 0 ? loss_.item<double>() / static_cast<double>(result.n) : 0.0;
  }

 private:
  at::Tensor counts_, loss_;
};

}  // namespace

Evaluation evaluate(const Model& model, const EvalPlan& plan) {
  const Stopwatch clock;
  Sums sums(plan.device);
  FeatureTap tap;
  Evaluation result;
  static_cast<SplitPass&>(result) = pass_over(plan, [&](const Batch& batch) {
    const at::Tensor logits =
        model.forward(batch.images, Mode::kEval, plan.on_features ? &tap : nullptr).to(at::kFloat);
    sums.add(only_valid(logits, plan.valid), batch.targets);
    if (plan.on_logits) plan.on_logits(logits.cpu(), batch.targets.cpu());
    if (plan.on_features) plan.on_features(tap.features(), batch.targets.cpu());
  });
  if (!result.complete) return result;
  sums.read_into(result);
  result.seconds = clock.seconds();  // the device has done all of it by now
  return result;
}

}  // namespace vit
