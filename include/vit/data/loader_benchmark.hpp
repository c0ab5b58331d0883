// How fast pictures become examples: per core from bytes in memory, by several ways, and through
// the loader as it is.
#pragma once

#include "vit/data/loader.hpp"

#include <string>
#include <tuple>
#include <vector>

namespace vit {

// What `vit-bench loader --set` sets.
struct LoaderBenchmarkConfig {
  DataSection data;
  InputConfig input{.interpolation = Interpolation::kBilinear};
  std::vector<TransformSection> augment = {TransformSection("random_resized_crop"),
                                           TransformSection("flip")};
  LoaderConfig loader;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&LoaderBenchmarkConfig::data>("The images."),
                      field<&LoaderBenchmarkConfig::input>("What the model expects."),
                      field<&LoaderBenchmarkConfig::augment>("Transforms, in order."),
                      field<&LoaderBenchmarkConfig::loader>("Threads and prefetch.")};
  }
};

struct LoaderBenchmark {
  LoaderBenchmarkConfig config;
  Extent size = square(224);
  int64_t images = 1000;  // drawn from the training split for the measurement per core
  std::vector<int64_t> rounds = {1, 2, 3, 4, 5, 6, 7};  // of it; the numbers seed the crops
  double seconds = 5;                                   // of the measurement through the loader
};

// One way from bytes to an example, in images per second of the thread's CPU time, by round.
struct CoreSpeed {
  std::string way;
  std::vector<double> rates;
  double decode_ms = 0, resize_ms = 0;  // an image, where they can be told apart
};

// The ways, taking turns round by round over the same images with the same crops:
//   crop      what the loader does
//   whole     all of the picture decoded, then the same
//   area      all of it decoded with the fast DCT, area-averaged: what FFCV does (plans only)
//   decode    all of it decoded, nothing else
struct CoreSpeeds {
  int64_t images = 0;
  double mean_bytes = 0, mean_pixels = 0;
  std::vector<CoreSpeed> ways;
};
CoreSpeeds measure_core(const LoaderBenchmark& benchmark);

struct LoaderSpeed {
  int64_t threads = 0, images = 0;
  double seconds = 0, cpu_seconds = 0;  // wall, and CPU of all threads
};
LoaderSpeed measure_loader(const LoaderBenchmark& benchmark);

}  // namespace vit
