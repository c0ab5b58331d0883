// Top-1, top-5 and loss over a split: integer counts, nothing padded, nothing dropped.
//
// An example is right at rank k when fewer than k classes come before its own, classes with equal
// logits counting in the order of their number. The loss is the mean softmax cross-entropy,
// whatever loss the model was trained with. Examples labelled -1 have no label and are left out of
// all three; so are images that could not be read (data.on_error skip).
#pragma once

#include "vit/data/dataset.hpp"
#include "vit/data/loader.hpp"
#include "vit/data/transform.hpp"
#include "vit/models/model.hpp"
#include "vit/runtime/precision.hpp"
#include "vit/train/batch_stream.hpp"

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vit {

// One pass of a split through a network.
struct SplitPass {
  double seconds = 0;
  int64_t images = 0;                   // forward passes
  bool complete = true;                 // false: cancelled, the numbers mean nothing
  std::vector<std::string> unreadable;  // the first images left out, with the reason
  int64_t unreadable_count = 0;
};

struct Evaluation : SplitPass {
  int64_t n = 0;  // labelled examples
  int64_t top1_count = 0, top5_count = 0;
  double loss = 0;
};

// Counts of one batch on its device: int64 [2] (top-1, top-5) over rows with labels >= 0.
at::Tensor count_correct(const at::Tensor& logits, const at::Tensor& labels);

// The label of a picture that could not be read: what the network saw in its place is another one.
inline constexpr int64_t kUnreadable = -2;

struct EvalPlan {
  const Dataset* dataset = nullptr;
  const Pipeline* pipeline = nullptr;
  InputConfig input;
  LoaderOptions loader;  // batch, threads, image, channels, on_error
  at::Device device{at::kCPU};
  Precision precision = Precision::kFp32;
  // Called now and then with the number of images done.
  std::function<void(int64_t done)> progress;
  // Asked between batches; true ends the evaluation.
  std::function<bool()> cancelled;
  // Classes that may be predicted, bool [K]; undefined: all. The others count as if they had logit
  // -infinity (ImageNet-A, -R and -O are scored so).
  at::Tensor valid;
  // Gets the logits [B, K] (fp32, CPU; of all classes) and labels [B] (-1: none; kUnreadable) of
  // each batch, in order; makes evaluation wait for the device. on_features gets the representation
  // [B, D] likewise.
  std::function<void(const at::Tensor& logits, const at::Tensor& labels)> on_logits;
  std::function<void(const at::Tensor& features, const at::Tensor& labels)> on_features;
};
Evaluation evaluate(const Model& model, const EvalPlan& plan);

// Shows every batch of the split to `visit`, in order; labels of pictures that could not be read
// are kUnreadable. Of the plan, all but `valid` and the callbacks for logits and features counts.
SplitPass pass_over(const EvalPlan& plan, const std::function<void(const Batch&)>& visit);

// The logits of `logits` [.., K] with those of classes that are not valid at -infinity.
at::Tensor only_valid(const at::Tensor& logits, const at::Tensor& valid);

}  // namespace vit
