#include "vit/train/batch_stream.hpp"

#include "vit/core/error.hpp"
#include "vit/runtime/normalize.hpp"

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

namespace vit {
namespace {

std::vector<double> per_channel(const std::vector<double>& values, int64_t channels,
                                const char* key) {
  if (static_cast<int64_t>(values.size()) == channels) return values;
  const bool equal =
      !values.empty() && std::all_of(values.begin(), values.end(),
                                     [&](double value) { return value == values.front(); });
  if (equal) return std::vector<double>(static_cast<size_t>(channels), values.front());
  throw ConfigError(std::string("input.") + key + " has " + std::to_string(values.size()) +
                    " different values, but the images have " + std::to_string(channels) +
                    (channels == 1 ? " channel" : " channels") +
                    "\ngive one value per channel, or one for all");
}

}  // namespace

Normalisation normalisation_for(const InputConfig& input, int64_t channels) {
  return {per_channel(input.mean, channels, "mean"), per_channel(input.std, channels, "std")};
}

LoaderOptions loader_options(const LoaderConfig& config, const Model& model, at::Device device,
                             int64_t batch) {
  LoaderOptions options;
  options.batch = batch;
  options.threads = config.threads > 0 ? config.threads : available_cpus();
  options.prefetch = config.prefetch;
  options.image = model.input_size();
  options.channels = model.channels();
  options.memory = device.is_cuda() ? HostMemory::kPinned : HostMemory::kPageable;
  return options;
}

struct BatchStream::InFlight {
  HostBatch batch;
  c10::Event copied;
};

BatchStream::BatchStream(std::unique_ptr<Loader> loader, LoaderOptions options,
                         Normalisation normalisation, at::Device device)
    : loader_(std::move(loader)),
      options_(options),
      normalisation_(std::move(normalisation)),
      device_(device) {}

BatchStream::~BatchStream() = default;

Batch BatchStream::next() {
  // Give back slots whose copies are done; wait for the oldest when too many are out, so that the
  // loader has slots to fill.
  while (!in_flight_.empty() && (in_flight_.front().copied.query() || in_flight_.size() > 1)) {
    in_flight_.front().copied.synchronize();
    in_flight_.pop_front();
  }
  HostBatch host = loader_->next();
  if (host.size == 0) return {};

  // from_blob wants mutable pointers; nothing writes through them.
  auto* pixels = const_cast<uint8_t*>(host.images);
  auto* labels = const_cast<int64_t*>(host.labels);
  at::Tensor images = at::from_blob(
      pixels, {host.size, options_.channels, options_.image.height, options_.image.width},
      at::kByte);
  at::Tensor targets = at::from_blob(labels, {host.size}, at::kLong);

  Batch batch;
  batch.first_position = host.first_position;
  batch.replaced = host.replaced;
  if (device_.is_cuda()) {
    images = images.to(device_, at::kByte, /*non_blocking=*/true);
    batch.targets = targets.to(device_, at::kLong, /*non_blocking=*/true);
    c10::Event copied(device_.type());
    copied.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
    in_flight_.push_back({std::move(host), std::move(copied)});
  } else {
    batch.targets = targets.clone();
  }
  batch.images = normalize_images(images, normalisation_.mean, normalisation_.std, at::kFloat);
  return batch;
}

}  // namespace vit
