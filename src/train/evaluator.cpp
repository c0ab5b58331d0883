#include "vit/train/evaluator.hpp"

#include "vit/core/stopwatch.hpp"
#include "vit/train/batch_stream.hpp"

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

Evaluation evaluate(const Model& model, const EvalPlan& plan) {
  const Stopwatch clock;
  const NoGrad no_grad;
  const int64_t size = plan.dataset->size();
  auto loader = std::make_unique<Loader>(*plan.dataset, *plan.pipeline,
                                         Sampler(size, Random(0), Sampler::Order::kSequential),
                                         Random(0), plan.loader, 0, size);
  BatchStream batches(std::move(loader), plan.loader,
                      normalisation_for(plan.input, plan.loader.channels), plan.device);

  const auto options = at::TensorOptions().device(plan.device);
  at::Tensor counts = at::zeros({3}, options.dtype(at::kLong));  // labelled, top-1, top-5
  at::Tensor loss_sum = at::zeros({}, options.dtype(at::kDouble));
  Evaluation result;
  for (Batch batch = batches.next(); batch.size() > 0; batch = batches.next()) {
    if (plan.cancelled && plan.cancelled()) {
      result.complete = false;
      return result;
    }
    if (!batch.replaced.empty())
      batch.targets.index_fill_(0, at::tensor(batch.replaced).to(plan.device), -1);
    at::Tensor logits;
    {
      const AutocastGuard autocast(plan.device, plan.precision);
      logits = model.forward(batch.images, Mode::kEval);
    }
    logits = logits.to(at::kFloat);
    const at::Tensor labelled = batch.targets >= 0;
    counts.add_(at::cat({labelled.sum().unsqueeze(0), count_correct(logits, batch.targets)}));
    const at::Tensor own =
        at::log_softmax(logits, 1).gather(1, batch.targets.clamp_min(0).unsqueeze(1)).squeeze(1);
    loss_sum.sub_(at::where(labelled, own, at::zeros_like(own)).sum(at::kDouble));
    if (plan.on_logits) plan.on_logits(logits.cpu(), batch.targets.cpu());
    result.images += batch.size();
    if (plan.progress) plan.progress(result.images);
  }
  const at::Tensor host = counts.cpu();
  const int64_t* count = host.const_data_ptr<int64_t>();
  result.n = count[0];
  result.top1_count = count[1];
  result.top5_count = count[2];
  result.loss = result.n > 0 ? loss_sum.item<double>() / static_cast<double>(result.n) : 0.0;
  result.unreadable = batches.loader().skipped_names();
  result.unreadable_count = batches.loader().skipped();
  result.seconds = clock.seconds();
  return result;
}

}  // namespace vit
