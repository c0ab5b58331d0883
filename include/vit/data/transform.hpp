// A transform turns an image into an image, as a pure function of the image and a Random derived
// from (seed, epoch, index). A Pipeline is a list of them plus the step that brings the result to
// the model's size. Transforms that only crop, resize or mirror say so in a plan; the plans at the
// head of the list become one, and of an encoded picture only what that needs is decoded.
#pragma once

#include "vit/config/component.hpp"
#include "vit/core/random.hpp"
#include "vit/data/crop_plan.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/data/picture.hpp"
#include "vit/data/resample.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

class Transform {
 public:
  virtual ~Transform() = default;
  // Thread-safe. `random` is this transform's own: draw from it as often as needed. Throws
  // DataError when the image does not suit, and leaves it to the caller to name the image.
  virtual Image apply(Image image, Random random) const = 0;
  // What apply() would do to an image of that size, where that is nothing but a plan; both must
  // give the same pixels. Throws as apply() does.
  virtual std::optional<CropPlan> plan(Extent, Random) const { return std::nullopt; }
};

// What a transform may need to know of the model it feeds: defaults such as "crop to the size the
// model takes".
struct TransformContext {
  Extent image;                                           // the model's input size
  Interpolation interpolation = Interpolation::kBicubic;  // `input.interpolation`
  std::vector<double> mean = {0.5, 0.5, 0.5};             // `input.mean`: one, or one per channel
  std::vector<double> std = {0.5, 0.5, 0.5};              // `input.std`
};

// Catalogue of transforms: `augment: [{name: inception_crop}, {name: flip}]`.
struct Transforms {
  using Catalog = config::Catalog<Transform, const TransformContext&>;
  static const Catalog& catalog();
};
using TransformSection = config::Component<Transforms>;

// `input`: what the model expects of an image. Comes with the preset or the weights and is stored
// with them.
struct InputConfig {
  enum class Resize { kShorter, kSquash, kNone };
  friend constexpr auto enum_names(Resize) {
    return std::array{std::pair{"shorter", Resize::kShorter}, std::pair{"squash", Resize::kSquash},
                      std::pair{"none", Resize::kNone}};
  }

  std::vector<double> mean = {0.5, 0.5, 0.5};
  std::vector<double> std = {0.5, 0.5, 0.5};
  Interpolation interpolation = Interpolation::kBicubic;
  Resize resize = Resize::kShorter;
  double crop = 1.0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&InputConfig::mean>(
            "Subtracted from pixels in [0, 1]: one number or one per channel."),
        field<&InputConfig::std>("Divides them afterwards: one number or one per channel.",
                                 positive),
        field<&InputConfig::interpolation>(
            "Filter of resizing: bilinear, bicubic and box as Pillow's (antialiased), "
            "bilinear_tensorflow as tf.image.resize without antialiasing."),
        field<&InputConfig::resize>(
            "How an image of another size is brought to the model's. shorter: shorter side to size "
            "/ "
            "crop, then the centre; squash: both sides, whatever the shape; none: an error."),
        field<&InputConfig::crop>("Part of the shorter side that `resize: shorter` keeps.",
                                  above(0.0), at_most(1.0))};
  }
  void check(config::Problems& problems) const;  // one or three numbers
};

struct DecodeOptions {
  Orientation orientation = Orientation::kIgnore;
  // Lets JPEGs be decoded at 1/2, 1/4 or 1/8 where the part that is looked at is at least so many
  // times as large as its result: faster, with slightly other pixels.
  bool reduced = false;
};

// CPU seconds of the thread, for benchmarks.
struct StageTimes {
  double decode = 0, resize = 0;
};

// A list of transforms followed by whatever brings the result to the model's size: nothing when it
// already has it, else `input.resize`. kShorter is what torchvision and timm do for evaluation: the
// shorter side becomes floor(size / crop), then the centre is cut out (224 at 0.875: 256, at 0.9:
// 248). kNone: a DataError that names both sizes. Evaluation is the same pipeline with an empty
// list.
class Pipeline {
 public:
  Pipeline(const std::vector<TransformSection>& augment, const InputConfig& input, Extent image,
           DecodeOptions decode = {});

  Extent result() const { return image_; }

  // `random` is keyed by (seed, epoch, index); transform i gets random.at(i). Thread-safe. Of a
  // picture that nobody has decoded yet no more is decoded than is needed, with the same result
  // (but for DecodeOptions::reduced); damage in the rest of it may go unnoticed.
  Image apply(Image image, Random random) const;
  Image apply(const Picture& picture, Random random) const;

  // apply() straight into a batch: `planes` takes `channels` (1 or 3) planes of the model's size.
  // `times`, if given, grows by what the steps took.
  void write(const Picture& picture, Random random, int64_t channels, uint8_t* planes,
             StageTimes* times = nullptr) const;

  // All of apply() to a picture of that size, where that is nothing but a plan.
  std::optional<CropPlan> plan(Extent image, Random random) const;

 private:
  struct Planned;
  Planned plan_head(Extent image, Random random) const;
  CropPlan fit(Extent image) const;
  Image rest(Image image, Random random, size_t first) const;

  std::vector<std::unique_ptr<Transform>> transforms_;
  InputConfig::Resize resize_;
  Interpolation interpolation_;
  Extent image_;
  double crop_;
  DecodeOptions decode_;
};

// Interleaved pixels to planes [channels, H, W]: equal channels are copied, gray is repeated,
// colour becomes luma.
void write_planes(const Image& image, int64_t channels, uint8_t* planes);

}  // namespace vit
