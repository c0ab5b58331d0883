// fp32 or bf16 arithmetic. Weights, gradients and optimizer state are fp32 in both; with bf16 the
// matrix products of a scope run in bfloat16 (LibTorch's autocast), on CUDA and on the CPU.
#pragma once

#include <c10/core/Device.h>

namespace vit {

enum class Precision { kFp32, kBf16 };

class AutocastGuard {
 public:
  AutocastGuard(at::Device device, Precision precision);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  at::DeviceType type_;
  bool active_;
  bool previous_enabled_ = false;
};

// Switches gradient recording off while alive (evaluation, optimizer arithmetic).
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

}  // namespace vit
