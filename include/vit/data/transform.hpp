// A transform turns an image into an image, as a pure function of the image and a Random derived from (seed, epoch, index).
#pragma once

#include "vit/config/component.hpp"
#include "vit/core/random.hpp"
#include "vit/data/resample.hpp"

#include <memory>
#include <vector>

namespace vit {

class Transform {
 public:
  virtual ~Transform() = default;
  // Thread-safe. `random` is this transform's own: draw from it as often as needed.
  virtual Image apply(Image image, Random random) const = 0;
};

// What a transform may need to know of the model it feeds: defaults such as "crop to the size the model takes".
struct TransformContext {
  Extent image;                                            // the model's input size
  Interpolation interpolation = Interpolation::kBicubic;   // `input.interpolation`
};

// Catalogue of transforms: `augment: [{name: inception_crop}, {name: flip}]`.
struct Transforms {
  using Catalog = config::Catalog<Transform, const TransformContext&>;
  static const Catalog& catalog();
};
using TransformSection = config::Component<Transforms>;

// `input`: what the model expects of an image. Comes with the preset or the weights and is stored with them.
struct InputConfig {
  enum class Resize { kShorter, kSquash, kNone };
  std::vector<double> mean = {0.5, 0.5, 0.5};
  std::vector<double> std = {0.5, 0.5, 0.5};
  Interpolation interpolation = Interpolation::kBicubic;
  Resize resize = Resize::kShorter;
  double crop = 1.0;

  static constexpr auto describe();
  void check(config::Problems& problems) const;
};

// A list of transforms followed by whatever brings the result to the model's size: nothing when it already has it, else
// `input.resize` (kShorter: shorter side to size/crop, then centre crop; kSquash: both sides to size, no crop; kNone: a
// DataError that names both sizes). Evaluation is the same pipeline with an empty list.
class Pipeline {
 public:
  Pipeline(const std::vector<TransformSection>& augment, const InputConfig& input, Extent image);

  // `random` is keyed by (seed, epoch, index); transform i gets random.at(i).
  Image apply(Image image, Random random) const;

 private:
  std::vector<std::unique_ptr<Transform>> transforms_;
  InputConfig::Resize resize_;
  Interpolation interpolation_;
  Extent image_;
  double crop_;
};

}  // namespace vit
