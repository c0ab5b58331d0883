#include "vit/core/error.hpp"
#include "vit/data/transform.hpp"

#include <cmath>
#include <utility>

namespace vit {

void InputConfig::check(config::Problems& problems) const {
  const auto one_or_three = [](size_t n) { return n == 1 || n == 3; };
  problems.require(one_or_three(mean.size()), "mean", "must be one or three numbers");
  problems.require(one_or_three(std.size()), "std", "must be one or three numbers");
}

Pipeline::Pipeline(const std::vector<TransformSection>& augment, const InputConfig& input,
                   Extent image)
    : resize_(input.resize), interpolation_(input.interpolation), image_(image), crop_(input.crop) {
  VIT_CHECK(image.is_set(), "the model's input size is known");
  const TransformContext context{image, input.interpolation};
  for (const TransformSection& section : augment) transforms_.push_back(section.build(context));
}

Image Pipeline::apply(Image image, Random random) const {
  for (size_t i = 0; i < transforms_.size(); ++i) {
    image = transforms_[i]->apply(std::move(image), random.at(i));
  }
  return fit(std::move(image));
}

Image Pipeline::apply(const Picture& picture, Random random) const {
  return apply(decode(picture), random);
}

Image Pipeline::fit(Image image) const {
  if (image.extent() == image_) return image;
  switch (resize_) {
    case InputConfig::Resize::kSquash:
      return resize(image, image_, interpolation_);
    case InputConfig::Resize::kShorter: {
      const auto enlarged = [this](int64_t side) {
        return static_cast<int64_t>(std::floor(static_cast<double>(side) / crop_));
      };
      const Extent size =
          covering_extent(image.extent(), {enlarged(image_.height), enlarged(image_.width)});
      return resize_then_crop(image, size, center_box(size, image_), interpolation_);
    }
    case InputConfig::Resize::kNone:
      break;
  }
  throw DataError("an image has " + to_string(image.extent()) +
                  " pixels (height x width), the model takes " + to_string(image_) +
                  "\nset input.resize to shorter or squash, or add a crop to augment");
}

}  // namespace vit
