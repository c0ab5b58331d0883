// Batches on the device: uint8 pixels are copied from the loader's slots and normalised there.
#pragma once

#include "vit/data/loader.hpp"
#include "vit/data/transform.hpp"
#include "vit/models/model.hpp"

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace vit {

struct Batch {
  at::Tensor images;   // [B, C, H, W] float32, normalised
  at::Tensor targets;  // [B] int64; float32 [B, K] once mixed
  int64_t first_position = 0;
  std::vector<int64_t>
      replaced;  // with data.on_error skip: places that hold a substitute for an unreadable image
  int64_t size() const { return targets.defined() ? targets.size(0) : 0; }
};

// Mean and standard deviation for images of `channels` channels: as given, or one value for all.
// Throws ConfigError when the numbers do not fit the channels.
struct Normalisation {
  std::vector<double> mean, std;
};
Normalisation normalisation_for(const InputConfig& input, int64_t channels);

// A loader's options for batches of `batch` examples that go to `model` on `device`. A picture that
// cannot be read is an error, unless the caller puts in something else.
LoaderOptions loader_options(const LoaderConfig& config, const Model& model, at::Device device,
                             int64_t batch);

class BatchStream {
 public:
  BatchStream(std::unique_ptr<Loader> loader, LoaderOptions options, Normalisation normalisation,
              at::Device device);
  ~BatchStream();

  Batch next();  // size 0 after the end
  const Loader& loader() const { return *loader_; }

 private:
  struct InFlight;
  std::unique_ptr<Loader> loader_;
  LoaderOptions options_;
  Normalisation normalisation_;
  at::Device device_;
  std::deque<InFlight> in_flight_;  // slots whose copy to the device may not have finished
};

}  // namespace vit
