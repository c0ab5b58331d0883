// What the tests of the observers share: reports of a run that never was, and the environment of a
// screen.
#pragma once

#include "vit/train/observer.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vit::test {

// 1404 steps of 128 examples in three epochs.
constexpr Progress at_step(int64_t step) {
  return {.step = step, .examples = step * 128, .epoch_size = 59904, .total_steps = 1404};
}

inline RunInfo some_run(int64_t step = 0) {
  RunInfo info;
  info.run_name = "20260830-1412_vit_nano7_fashion_mnist";
  info.parameters = 204938;
  info.at = at_step(step);
  if (step > 0) info.resumed_from = "checkpoints/step-00000468";
  return info;
}

inline TrainReport some_training(int64_t step) {
  return {.at = at_step(step),
          .loss = 0.834,
          .lr = 5.6e-4,
          .grad_norm = 0.88,
          .images_per_s = 1744.3,
          .step_ms = 73.4,
          .data_wait = 0.012,
          .memory_gib = 0.41,
          .eta_s = 63};
}

inline EvalReport some_evaluation(int64_t step, const std::string& weights, int64_t top1) {
  return {.at = at_step(step),
          .split = "val",
          .weights = weights,
          .loss = 0.402,
          .n = 10000,
          .top1_count = top1,
          .top5_count = 9950,
          .images = 10000,
          .seconds = 3.9};
}

// Sets variables of the environment for one scope.
class Environment {
 public:
  void set(const char* name, const char* value) {
    const char* old = std::getenv(name);
    before_.emplace_back(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    setenv(name, value, 1);
  }
  ~Environment() {
    for (auto entry = before_.rbegin(); entry != before_.rend(); ++entry) {
      if (entry->second) {
        setenv(entry->first.c_str(), entry->second->c_str(), 1);
      } else {
        unsetenv(entry->first.c_str());
      }
    }
  }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

struct Utf8Screen : Environment {
  Utf8Screen() { set("LC_ALL", "C.UTF-8"); }
};
struct AsciiScreen : Environment {
  AsciiScreen() { set("LC_ALL", "C"); }
};

}  // namespace vit::test
