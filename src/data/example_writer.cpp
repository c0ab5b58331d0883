#include "example_writer.hpp"

#include "vit/core/error.hpp"
#include "vit/data/image_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vit {

void write_planes(const Image& image, int64_t channels, uint8_t* planes) {
  const int64_t area = image.height * image.width;
  const uint8_t* pixels = image.pixels.data();
  if (image.channels == 1) {
    for (int64_t c = 0; c < channels; ++c) std::copy_n(pixels, area, planes + c * area);
  } else if (channels == 1) {
    // ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
    for (int64_t i = 0; i < area; ++i) {
      const uint8_t* p = pixels + 3 * i;
      planes[i] = static_cast<uint8_t>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16);
    }
  } else {
    uint8_t* red = planes;
    uint8_t* green = planes + area;
    uint8_t* blue = planes + 2 * area;
    for (int64_t i = 0; i < area; ++i) {
      red[i] = pixels[3 * i];
      green[i] = pixels[3 * i + 1];
      blue[i] = pixels[3 * i + 2];
    }
  }
}

ExampleWriter::ExampleWriter(const Dataset& dataset, const Pipeline& pipeline, Sampler sampler,
                             Random augment_seed, const LoaderOptions& options)
    : dataset_(dataset),
      pipeline_(pipeline),
      sampler_(sampler),
      augment_seed_(augment_seed),
      size_(options.image),
      channels_(options.channels),
      on_error_(options.on_error) {
  if (channels_ != 1 && channels_ != 3) {
    throw ConfigError(fmt::format("the model takes {} channels, images have 1 or 3", channels_));
  }
}

// Reads and augments found.index; with kSkip, what keeps it from being read is returned.
std::optional<std::string> ExampleWriter::try_to_read(Found& found, Random random) const {
  Picture picture;
  try {
    picture = dataset_.picture(found.index);
  } catch (const DataError& error) {
    if (on_error_ == OnError::kFail) throw;
    return error.what();
  }
  try {
    found.image = pipeline_.apply(picture, random);
  } catch (const UnreadablePicture& error) {
    if (on_error_ == OnError::kFail) throw;
    return error.what();
  }
  return std::nullopt;
}

// The image itself or, with kSkip, the next readable one after it in dataset order.
ExampleWriter::Found ExampleWriter::read(int64_t index, Random random) const {
  constexpr int64_t kPatience = 100;  // so many unreadable images in a row are no accident
  Found found;
  const int64_t tries = std::min(dataset_.size(), kPatience + 1);
  for (int64_t attempt = 0; attempt < tries; ++attempt) {
    found.index = (index + attempt) % dataset_.size();
    const std::optional<std::string> problem = try_to_read(found, random);
    if (!problem) return found;
    if (!found.replaced) found.replaced = Replaced{dataset_.name(index), *problem};
  }
  throw DataError(fmt::format("{} images in a row cannot be read, from '{}' on\n{}", tries,
                              found.replaced->name, found.replaced->reason));
}

std::optional<Replaced> ExampleWriter::write(int64_t position, uint8_t* pixels,
                                             int64_t* label) const {
  const auto [epoch, index] = sampler_.at(position);
  // A substitute is augmented as the image it stands for would have been, so that it does not
  // repeat its own appearance.
  const Random random =
      augment_seed_.at(static_cast<uint64_t>(epoch)).at(static_cast<uint64_t>(index));
  Found found = read(index, random);
  VIT_CHECK(found.image.extent() == size_, "the pipeline must give the size of the batch");
  write_planes(found.image, channels_, pixels);
  *label = dataset_.label(found.index);
  return std::move(found.replaced);
}

}  // namespace vit
