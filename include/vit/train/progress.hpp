// Where a run stands: the cursor of training, and nothing more.
#pragma once

#include <cstdint>

namespace vit {

struct Progress {
  int64_t step = 0;        // updates done
  int64_t examples = 0;    // training examples seen
  int64_t epoch_size = 1;  // examples in one pass over the training split
  int64_t total_steps = 0;

  double epoch() const { return static_cast<double>(examples) / static_cast<double>(epoch_size); }
  void advance(int64_t batch_examples) {
    ++step;
    examples += batch_examples;
  }
};

}  // namespace vit
