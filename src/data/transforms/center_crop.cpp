#include "vit/core/error.hpp"

#include "catalog.hpp"

namespace vit {
namespace {

struct CenterCropConfig {
  Extent size;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&CenterCropConfig::size>(
        "Size cut out, height and width; 0: the model's.", non_negative)};
  }
};

class CenterCrop final : public PlannedTransform {
 public:
  explicit CenterCrop(Extent size) : size_(size) {}

  std::optional<CropPlan> plan(Extent image, Random) const override {
    if (image.height < size_.height || image.width < size_.width) {
      throw DataError("center_crop takes " + to_string(size_) +
                      " pixels (height x width) out of an image of " + to_string(image) +
                      "\nput resize_shorter before it in augment");
    }
    return crop_plan(center_box(image, size_));
  }

 private:
  Extent size_;
};

std::unique_ptr<Transform> build_center_crop(const CenterCropConfig& config,
                                             const TransformContext& context) {
  return std::make_unique<CenterCrop>(config.size.is_set() ? config.size : context.image);
}

}  // namespace

void add_center_crop(Transforms::Catalog& catalog) {
  catalog.add<CenterCropConfig>("center_crop", "Cuts out the middle.", build_center_crop);
}

}  // namespace vit
