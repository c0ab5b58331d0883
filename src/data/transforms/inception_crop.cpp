// The crop of Inception (Szegedy et al. 2015): a random part of random area and shape, resized.
// The two samplings draw different distributions under one name:
//   tensorflow   tf.image.sample_distorted_bounding_box, which vit_jax and big_vision train with:
//                aspect ratio uniform, then the height uniform between what the area bounds allow
//   torchvision  RandomResizedCrop, which timm trains with: area uniform, aspect ratio uniform in
//                the logarithm
#include "catalog.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace vit {
namespace {

struct InceptionCropConfig {
  enum class Sampling { kTensorflow, kTorchvision };
  friend constexpr auto enum_names(Sampling) {
    return std::array{std::pair{"tensorflow", Sampling::kTensorflow},
                      std::pair{"torchvision", Sampling::kTorchvision}};
  }

  Extent size = {};
  std::vector<double> area = {0.05, 1.0};
  std::vector<double> aspect = {0.75, 1.33};
  Sampling sampling = Sampling::kTensorflow;
  std::optional<int64_t> attempts = {};
  std::optional<Interpolation> interpolation = {};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&InceptionCropConfig::size>("Resulting size, height and width; 0: the model's.",
                                          non_negative),
        field<&InceptionCropConfig::area>("Least and largest part of the image's area.", positive,
                                          at_most(1.0)),
        field<&InceptionCropConfig::aspect>("Least and largest width / height of the part.",
                                            positive),
        field<&InceptionCropConfig::sampling>("How the part is drawn. tensorflow: shape, then "
                                              "height, as the reference implementation; "
                                              "torchvision: area, then logarithm of the shape."),
        field<&InceptionCropConfig::attempts>("Draws before the whole image is taken (torchvision: "
                                              "its middle); null: 100, torchvision 10.",
                                              positive),
        field<&InceptionCropConfig::interpolation>("Filter; null: that of `input`.")};
  }
  void check(config::Problems& problems) const {
    const auto is_range = [](const std::vector<double>& v) {
      return v.size() == 2 && v[0] <= v[1];
    };
    problems.require(is_range(area), "area", "must be two numbers, the smaller one first");
    problems.require(is_range(aspect), "aspect", "must be two numbers, the smaller one first");
  }
};

int64_t rounded(double x) { return static_cast<int64_t>(std::nearbyint(x)); }

Box whole(Extent image) { return {0, 0, image.height, image.width}; }

class InceptionCrop final : public PlannedTransform {
 public:
  InceptionCrop(const InceptionCropConfig& config, const TransformContext& context)
      : config_(config),
        size_(config.size.is_set() ? config.size : context.image),
        interpolation_(config.interpolation.value_or(context.interpolation)) {}

  std::optional<CropPlan> plan(Extent image, Random random) const override {
    const bool tensorflow = config_.sampling == InceptionCropConfig::Sampling::kTensorflow;
    const Box box = tensorflow ? tensorflow_box(image, random) : torchvision_box(image, random);
    return resize_plan(box, size_, interpolation_);
  }

 private:
  Box tensorflow_box(Extent image, Random& random) const {
    const int64_t attempts = config_.attempts.value_or(100);
    for (int64_t i = 0; i < attempts; ++i) {
      const double aspect = random.uniform(config_.aspect[0], config_.aspect[1]);
      if (const auto box = tensorflow_attempt(image, aspect, random)) return *box;
    }
    return whole(image);
  }

  std::optional<Box> tensorflow_attempt(Extent image, double aspect, Random& random) const {
    const double least_area = config_.area[0] * static_cast<double>(image.area());
    const double most_area = config_.area[1] * static_cast<double>(image.area());
    const auto width_for = [&](int64_t height) {
      return rounded(static_cast<double>(height) * aspect);
    };
    int64_t highest = std::min(rounded(std::sqrt(most_area / aspect)), image.height);
    // No higher than what keeps the rounded width inside the image.
    if (width_for(highest) > image.width) {
      highest = static_cast<int64_t>((static_cast<double>(image.width) + 0.5 - 1e-7) / aspect);
      if (width_for(highest) > image.width) --highest;
    }
    const int64_t lowest = std::min(rounded(std::sqrt(least_area / aspect)), highest);
    int64_t height = lowest + random.below(highest - lowest + 1);
    // Rounding may have left the bounds of the area by a pixel.
    const auto area = [&] { return static_cast<double>(height * width_for(height)); };
    if (area() < least_area) ++height;
    if (area() > most_area) --height;
    const int64_t width = width_for(height);
    if (area() < least_area || area() > most_area || height <= 0 || width <= 0 ||
        height > image.height || width > image.width) {
      return std::nullopt;
    }
    // The last possible place is never drawn; so it is in TensorFlow.
    const int64_t top = height < image.height ? random.below(image.height - height) : 0;
    const int64_t left = width < image.width ? random.below(image.width - width) : 0;
    return Box{top, left, height, width};
  }

  Box torchvision_box(Extent image, Random& random) const {
    const int64_t attempts = config_.attempts.value_or(10);
    for (int64_t i = 0; i < attempts; ++i) {
      const double area =
          static_cast<double>(image.area()) * random.uniform(config_.area[0], config_.area[1]);
      const double aspect =
          std::exp(random.uniform(std::log(config_.aspect[0]), std::log(config_.aspect[1])));
      const int64_t width = rounded(std::sqrt(area * aspect));
      const int64_t height = rounded(std::sqrt(area / aspect));
      if (width <= 0 || height <= 0 || width > image.width || height > image.height) continue;
      const int64_t top = random.below(image.height - height + 1);
      const int64_t left = random.below(image.width - width + 1);
      return {top, left, height, width};
    }
    return allowed_middle(image);
  }

  // The largest part around the centre whose shape is allowed.
  Box allowed_middle(Extent image) const {
    const double aspect = static_cast<double>(image.width) / static_cast<double>(image.height);
    Extent part = image;
    if (aspect < config_.aspect[0])
      part.height = rounded(static_cast<double>(image.width) / config_.aspect[0]);
    if (aspect > config_.aspect[1])
      part.width = rounded(static_cast<double>(image.height) * config_.aspect[1]);
    part = {std::clamp<int64_t>(part.height, 1, image.height),
            std::clamp<int64_t>(part.width, 1, image.width)};
    return {(image.height - part.height) / 2, (image.width - part.width) / 2, part.height,
            part.width};
  }

  InceptionCropConfig config_;
  Extent size_;
  Interpolation interpolation_;
};

std::unique_ptr<Transform> build_inception_crop(const InceptionCropConfig& config,
                                                const TransformContext& context) {
  return std::make_unique<InceptionCrop>(config, context);
}

}  // namespace

void add_inception_crop(Transforms::Catalog& catalog) {
  catalog
      .add<InceptionCropConfig>("inception_crop",
                                "Cuts out a part of random area and shape and resizes it.",
                                build_inception_crop)
      .preset("random_resized_crop",
              {.area = {0.08, 1.0},
               .aspect = {3.0 / 4.0, 4.0 / 3.0},
               .sampling = InceptionCropConfig::Sampling::kTorchvision},
              "With the distribution and defaults of torchvision's RandomResizedCrop.");
}

}  // namespace vit
