#include "image_pass.hpp"

#include "vit/models/vision_transformer.hpp"
#include "vit/train/batch_stream.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace vit {

int64_t batch_for(const Subject& subject, Look look) {
  constexpr int64_t kMost = 32, kMostNumbers = int64_t{1} << 26;
  const auto* vit = subject.config.model.as<VitConfig>();
  if (look == Look::kLogits || vit == nullptr) return kMost;
  const int64_t tokens = subject.model->cost().tokens;
  return std::clamp<int64_t>(kMostNumbers / (vit->heads * tokens * tokens), 1, kMost);
}

void show_images(const Subject& subject, const ImagePass& pass) {
  const NoGrad no_grad;
  const int64_t size = pass.dataset->size();
  const LoaderOptions options = loader_options(subject, pass.batch);
  auto loader = std::make_unique<Loader>(*pass.dataset, *pass.pipeline,
                                         Sampler(size, Random(0), Sampler::Order::kSequential),
                                         Random(0), options, 0, size);
  BatchStream batches(std::move(loader), options,
                      normalisation_for(subject.config.input, options.channels), subject.device);
  for (Batch batch = batches.next(); batch.size() > 0; batch = batches.next()) {
    pass.before_batch(batch.first_position);
    at::Tensor logits;
    {
      const AutocastGuard autocast(subject.device, subject.config.precision);
      logits = subject.model->forward(batch.images, Mode::kEval, pass.taps);
    }
    pass.on_batch(batch.first_position, logits.to(at::kFloat).cpu());
  }
}

}  // namespace vit
