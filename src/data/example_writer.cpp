#include "example_writer.hpp"

#include "vit/core/error.hpp"
#include "vit/data/image_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vit {

ExampleWriter::ExampleWriter(const Dataset& dataset, const Pipeline& pipeline, Sampler sampler,
                             Random augment_seed, const LoaderOptions& options)
    : dataset_(dataset),
      pipeline_(pipeline),
      sampler_(sampler),
      augment_seed_(augment_seed),
      channels_(options.channels),
      on_error_(options.on_error) {
  VIT_CHECK(pipeline.result() == options.image, "the pipeline must give the size of the batch");
  if (channels_ != 1 && channels_ != 3) {
    throw ConfigError(fmt::format("the model takes {} channels, images have 1 or 3", channels_));
  }
}

// Reads and augments picture `index`; with kSkip, what keeps it from being read is returned.
std::optional<std::string> ExampleWriter::try_to_read(int64_t index, Random random,
                                                      uint8_t* pixels) const {
  Picture picture;
  try {
    picture = dataset_.picture(index);
  } catch (const DataError& error) {
    if (on_error_ == OnError::kFail) throw;
    return error.what();
  }
  try {
    pipeline_.write(picture, random, channels_, pixels);
  } catch (const UnreadablePicture& error) {
    if (on_error_ == OnError::kFail) throw;
    return error.what();
  }
  return std::nullopt;
}

// The image itself or, with kSkip, the next readable one after it in dataset order.
ExampleWriter::Found ExampleWriter::read(int64_t index, Random random, uint8_t* pixels) const {
  constexpr int64_t kPatience = 100;  // so many unreadable images in a row are no accident
  Found found;
  const int64_t tries = std::min(dataset_.size(), kPatience + 1);
  for (int64_t attempt = 0; attempt < tries; ++attempt) {
    found.index = (index + attempt) % dataset_.size();
    const std::optional<std::string> problem = try_to_read(found.index, random, pixels);
    if (!problem) return found;
    if (!found.replaced) found.replaced = Replaced{dataset_.name(index), *problem};
  }
  throw DataError(fmt::format("{} images in a row cannot be read, from '{}' on\n{}", tries,
                              found.replaced->name, found.replaced->reason));
}

std::optional<Replaced> ExampleWriter::write(int64_t position, uint8_t* pixels,
                                             int64_t* label) const {
  const SamplePosition at = sampler_.at(position);
  // A substitute is augmented as the image it stands for would have been, so that it does not
  // repeat its own appearance.
  const Random random = augmentation_key(augment_seed_, at);
  Found found = read(at.index, random, pixels);
  *label = dataset_.label(found.index);
  return std::move(found.replaced);
}

}  // namespace vit
