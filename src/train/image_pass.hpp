// Showing a data set to a network, once and in order: the loop that vit-predict and vit-inspect
// share.
#pragma once

#include "vit/data/dataset.hpp"
#include "vit/models/model.hpp"
#include "vit/train/subject.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace vit {

// Images a batch so that what a forward pass keeps fits into a few hundred MB: all probabilities of
// one layer when its attention is looked at.
enum class Look { kLogits, kAttention };
int64_t batch_for(const Subject& subject, Look look);

struct ImagePass {
  const Dataset* dataset = nullptr;
  const Pipeline* pipeline = nullptr;
  int64_t batch = 32;
  Taps* taps = nullptr;  // has seen a batch when on_batch is called
  std::function<void(int64_t first)> before_batch = [](int64_t) {};
  // logits [B, K] (fp32, CPU) of the images from number `first` on.
  std::function<void(int64_t first, const at::Tensor& logits)> on_batch;
};
void show_images(const Subject& subject, const ImagePass& pass);

}  // namespace vit
