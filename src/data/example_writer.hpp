// What the loader's workers do for one example: look up its place in the order, read the picture
// (or its substitute), augment it and lay it out for the model. A pure function of the position.
#pragma once

#include "vit/data/loader.hpp"

#include <optional>
#include <string>

namespace vit {

// An image that could not be read and was replaced.
struct Replaced {
  std::string name;
  std::string reason;
};

class ExampleWriter {
 public:
  ExampleWriter(const Dataset& dataset, const Pipeline& pipeline, Sampler sampler,
                Random augment_seed, const LoaderOptions& options);

  // Writes example `position` of the stream: pixels [C, H, W] and its label. Thread-safe. Throws
  // DataError for an unreadable image when the policy is kFail, or when no substitute is readable
  // either.
  std::optional<Replaced> write(int64_t position, uint8_t* pixels, int64_t* label) const;

 private:
  struct Found {
    int64_t index = 0;
    std::optional<Replaced> replaced;
  };
  std::optional<std::string> try_to_read(int64_t index, Random random, uint8_t* pixels) const;
  Found read(int64_t index, Random random, uint8_t* pixels) const;

  const Dataset& dataset_;
  const Pipeline& pipeline_;
  Sampler sampler_;
  Random augment_seed_;
  int64_t channels_;
  OnError on_error_;
};

}  // namespace vit
