#include "vit/core/error.hpp"
#include "vit/core/stopwatch.hpp"
#include "vit/data/transform.hpp"

#include "exif.hpp"
#include "picture_decoder.hpp"
#include "resampler.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vit {

void InputConfig::check(config::Problems& problems) const {
  const auto one_or_three = [](size_t n) { return n == 1 || n == 3; };
  problems.require(one_or_three(mean.size()), "mean", "must be one or three numbers");
  problems.require(one_or_three(std.size()), "std", "must be one or three numbers");
}

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
    for (int64_t i = 0; i < area; ++i) {
      for (int64_t c = 0; c < 3; ++c) planes[c * area + i] = pixels[3 * i + c];
    }
  }
}

namespace {

using detail::Decoded;
using detail::PixelBuffer;

// How many times smaller a JPEG may be decoded so that the plan still has pixels enough.
int64_t reduction_for(const CropPlan& plan) {
  int64_t reduction = 8;
  while (reduction > 1 && (plan.box.height < reduction * plan.size.height ||
                           plan.box.width < reduction * plan.size.width)) {
    reduction /= 2;
  }
  return reduction;
}

// Where the plan's box lies in what was decoded.
void render(const Decoded& decoded, const CropPlan& plan, const detail::Raster& target) {
  if (decoded.reduction == 1) {
    const Box box{plan.box.top - decoded.top, plan.box.left - decoded.left, plan.box.height,
                  plan.box.width};
    return detail::resample(decoded.pixels.part(box), detail::sampling_of(plan), target,
                            detail::kernels());
  }
  const auto reduced = static_cast<double>(decoded.reduction);
  const auto axis = [&](int64_t in, int64_t origin, int64_t first, int64_t length, int64_t out) {
    return detail::Axis{in, static_cast<double>(first) / reduced - static_cast<double>(origin),
                        static_cast<double>(length) / reduced, out};
  };
  detail::Sampling sampling = detail::sampling_of(plan);
  sampling.rows =
      axis(decoded.pixels.height, decoded.top, plan.box.top, plan.box.height, plan.size.height);
  sampling.columns =
      axis(decoded.pixels.width, decoded.left, plan.box.left, plan.box.width, plan.size.width);
  detail::resample(decoded.pixels, sampling, target, detail::kernels());
}

// A picture on its way: opened, and perhaps already turned upright or raw, in which case all of it
// is there.
class Source {
 public:
  Source(const Picture& picture, const DecodeOptions& options) : options_(options) {
    if (!picture.is_encoded()) {
      whole_ = &picture.pixels;
      return;
    }
    decoder_ = detail::open_picture(picture.bytes, picture.name);
    if (options.orientation == Orientation::kIgnore) return;
    const int orientation = detail::exif_orientation(picture.bytes);
    if (orientation == 1) return;
    turned_ = detail::upright(detail::decode_whole(*decoder_), orientation);
    whole_ = &turned_;
  }

  Extent extent() const { return whole_ != nullptr ? whole_->extent() : decoder_->extent(); }
  int64_t channels() const { return whole_ != nullptr ? whole_->channels : 3; }

  void write(const CropPlan& plan, const detail::Raster& target,
             StageTimes* times = nullptr) const {
    detail::check_plan(plan, extent());
    if (whole_ != nullptr) return render({detail::pixels_of(*whole_), 0, 0, 1}, plan, target);
    thread_local PixelBuffer buffer;
    const int64_t reduction = options_.reduced ? reduction_for(plan) : 1;
    const double begin = times != nullptr ? thread_cpu_seconds() : 0;
    const Decoded decoded = decoder_->decode(plan.box, reduction, buffer);
    const double middle = times != nullptr ? thread_cpu_seconds() : 0;
    render(decoded, plan, target);
    if (times != nullptr) {
      times->decode += middle - begin;
      times->resize += thread_cpu_seconds() - middle;
    }
    buffer.trim();
  }

  Image image(const CropPlan& plan) const {
    Image result(plan.window.height, plan.window.width, channels());
    write(plan, {result.pixels.data(), result.width * result.channels, 0});
    return result;
  }

 private:
  DecodeOptions options_;
  std::unique_ptr<detail::PictureDecoder> decoder_;
  Image turned_;
  const Image* whole_ = nullptr;
};

}  // namespace

// The plan of the first `transforms` of them and, if these are all, of the step to the model's
// size.
struct Pipeline::Planned {
  CropPlan plan;
  size_t transforms = 0;
  bool complete = false;
};

Pipeline::Pipeline(const std::vector<TransformSection>& augment, const InputConfig& input,
                   Extent image, DecodeOptions decode)
    : resize_(input.resize),
      interpolation_(input.interpolation),
      image_(image),
      crop_(input.crop),
      decode_(decode) {
  VIT_CHECK(image.is_set(), "the model's input size is known");
  const TransformContext context{image, input.interpolation, input.mean, input.std};
  for (const TransformSection& section : augment) transforms_.push_back(section.build(context));
}

Pipeline::Planned Pipeline::plan_head(Extent image, Random random) const {
  Planned planned{whole_plan(image), 0, false};
  const auto add = [&](const std::optional<CropPlan>& next) {
    const auto both = next ? followed_by(planned.plan, *next) : std::nullopt;
    if (both) planned.plan = *both;
    return both.has_value();
  };
  for (; planned.transforms < transforms_.size(); ++planned.transforms) {
    const size_t i = planned.transforms;
    if (!add(transforms_[i]->plan(planned.plan.result(), random.at(i)))) return planned;
  }
  planned.complete = add(fit(planned.plan.result()));
  return planned;
}

std::optional<CropPlan> Pipeline::plan(Extent image, Random random) const {
  const Planned planned = plan_head(image, random);
  if (!planned.complete) return std::nullopt;
  return planned.plan;
}

Image Pipeline::rest(Image image, Random random, size_t first) const {
  for (size_t i = first; i < transforms_.size(); ++i) {
    image = transforms_[i]->apply(std::move(image), random.at(i));
  }
  return image.extent() == image_ ? image : apply_plan(image, fit(image.extent()));
}

Image Pipeline::apply(Image image, Random random) const {
  return rest(std::move(image), random, 0);
}

Image Pipeline::apply(const Picture& picture, Random random) const {
  const Source source(picture, decode_);
  const Planned planned = plan_head(source.extent(), random);
  Image image = source.image(planned.plan);
  return planned.complete ? image : rest(std::move(image), random, planned.transforms);
}

void Pipeline::write(const Picture& picture, Random random, int64_t channels, uint8_t* planes,
                     StageTimes* times) const {
  const Source source(picture, decode_);
  const Planned planned = plan_head(source.extent(), random);
  if (planned.complete && source.channels() == channels)
    return source.write(planned.plan, {planes, image_.width, image_.area()}, times);
  Image image = source.image(planned.plan);
  if (!planned.complete) image = rest(std::move(image), random, planned.transforms);
  write_planes(image, channels, planes);
}

CropPlan Pipeline::fit(Extent image) const {
  if (image == image_) return whole_plan(image);
  const Box whole{0, 0, image.height, image.width};
  switch (resize_) {
    case InputConfig::Resize::kSquash:
      return resize_plan(whole, image_, interpolation_);
    case InputConfig::Resize::kShorter: {
      const auto enlarged = [this](int64_t side) {
        return static_cast<int64_t>(std::floor(static_cast<double>(side) / crop_));
      };
      const Extent size = covering_extent(image, {enlarged(image_.height), enlarged(image_.width)});
      CropPlan plan = resize_plan(whole, size, interpolation_);
      plan.window = center_box(size, image_);
      return plan;
    }
    case InputConfig::Resize::kNone:
      break;
  }
  throw DataError("an image has " + to_string(image) +
                  " pixels (height x width), the model takes " + to_string(image_) +
                  "\nset input.resize to shorter or squash, or add a crop to augment");
}

}  // namespace vit
