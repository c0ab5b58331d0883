#include "vit/train/update.hpp"

#include "vit/optim/clip.hpp"
#include "vit/runtime/device.hpp"

#include <ATen/ATen.h>

namespace vit {
namespace {

// What a CUDA graph can capture: fixed shapes, no wait, no host randomness, gradients accumulated
// in place.
at::Tensor forward_backward(const Parts& parts, const Batch& batch) {
  at::Tensor loss;
  {
    const AutocastGuard autocast(parts.device, parts.config.precision);
    loss = parts.objective->loss(batch) / parts.config.batch.accumulate;
  }
  loss.backward();
  return loss.detach();
}

}  // namespace

Update update_weights(Parts& parts, BatchStream& batches, FiniteGuard& guard, int64_t step) {
  const Random dropout = Random(static_cast<uint64_t>(parts.config.seed)).stream("dropout");
  seed_device(parts.device, dropout.at(static_cast<uint64_t>(step)));

  // 1. The gradient of the mean loss over the batch, in `accumulate` equal parts, each mixed within
  // itself.
  const auto part = [&](int64_t i) {
    return forward_backward(parts, (*parts.mix)(batches.next(), mixing_key(parts, step, i)));
  };
  parts.parameters->zero_grad();
  at::Tensor loss = part(0);
  for (int64_t i = 1; i < parts.config.batch.accumulate; ++i) loss = loss + part(i);

  // 2. Clip, and let no bad update through.
  const at::Tensor norm = clip_by_norm_(parts.parameters->grads(), parts.config.clip.norm);
  const at::Tensor skip = guard.watch(loss, norm, step);

  // 3. Update.
  const double lr = parts.schedule->lr(step);
  parts.optimizer->step(*parts.parameters, lr, skip);
  parts.average->update(*parts.parameters, step, skip);
  return {loss, norm, lr};
}

}  // namespace vit
