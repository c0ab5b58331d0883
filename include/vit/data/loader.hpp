// Worker threads that read, augment and lay out batches ahead of the consumer, in order, in a fixed
// number of reusable (page-locked) slots. What a batch holds depends on (dataset, pipeline, seed,
// position) only, not on threads or prefetch depth.
#pragma once

#include "vit/data/dataset.hpp"
#include "vit/data/sampler.hpp"
#include "vit/data/transform.hpp"
#include "vit/runtime/host_buffer.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace vit {

// `loader` section of the configuration.
struct LoaderConfig {
  int64_t threads = 0;   // 0: one per CPU this process may use
  int64_t prefetch = 4;  // batches prepared ahead

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&LoaderConfig::threads>("Threads that prepare batches (0: one per usable CPU).",
                                      non_negative)
            .resumable(),
        field<&LoaderConfig::prefetch>("Batches prepared ahead.", positive).resumable()};
  }
};

struct LoaderOptions {
  int64_t batch = 0;     // examples per batch
  int64_t threads = 1;   // 0: no workers, next() does the work itself
  int64_t prefetch = 2;  // batches in preparation or ready, besides those the caller still holds
  Extent image;          // size the pipeline gives
  int64_t channels = 3;
  OnError on_error = OnError::kFail;
  int64_t max_errors = -1;  // with kSkip: so many different pictures may be bad; negative: any
  HostMemory memory = HostMemory::kPageable;
};

// One batch in host memory. Valid until the object is destroyed; its slot is then filled anew.
struct HostBatch {
  int64_t size = 0;  // examples; smaller than options.batch only at the end of a finite stream
  const uint8_t* images = nullptr;  // [size, channels, height, width]
  const int64_t* labels = nullptr;  // [size]
  int64_t first_position = 0;       // of its first example
  std::vector<int64_t> replaced;    // with kSkip: places in this batch that hold a substitute
  std::shared_ptr<void> slot;  // releases the slot (from any thread, also after the loader is gone)
};

class Loader {
 public:
  // Batches start at `first_position` and end before `end_position` (a negative end: never).
  // dataset, pipeline outlive the loader.
  Loader(const Dataset& dataset, const Pipeline& pipeline, Sampler sampler, Random augment_seed,
         LoaderOptions options, int64_t first_position, int64_t end_position);
  ~Loader();  // stops and joins the workers

  // The next batch, waiting for it if need be; size 0 after the end. With kFail a bad image throws
  // DataError here, in order (a further call goes on with the batch after it). With kSkip a bad
  // image is replaced by the next readable one after it in dataset order, and counted; one more
  // than max_errors of them throw DataError. The count starts with the loader.
  HostBatch next();

  double seconds_waited() const;  // time next() has spent blocked
  int64_t skipped() const;        // with kSkip: images replaced so far
  std::vector<std::string> skipped_names()
      const;  // the first 20 of them, each once, with the reason

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// CPUs this process may use: affinity mask and cgroup quota, at least 1.
int64_t available_cpus();

}  // namespace vit
