#include "vit/core/error.hpp"

#include "catalog.hpp"

#include <algorithm>
#include <cstring>

namespace vit {
namespace {

struct RandomCropConfig {
  enum class Padding { kZero, kReflect };
  friend constexpr auto enum_names(Padding) {
    return std::array{std::pair{"zero", Padding::kZero}, std::pair{"reflect", Padding::kReflect}};
  }

  Extent size;
  int64_t padding = 0;
  Padding padding_mode = Padding::kZero;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RandomCropConfig::size>("Size cut out, height and width; 0: the model's.",
                                       non_negative),
        field<&RandomCropConfig::padding>("Pixels added on every side before cutting.",
                                          non_negative),
        field<&RandomCropConfig::padding_mode>(
            "What is added. zero: black; reflect: the image mirrored at its outermost pixels.")};
  }
};

constexpr int64_t kOutside = -1;

// Where a position before, in or after an axis of n pixels takes its pixel from.
int64_t source_of(int64_t position, int64_t n, RandomCropConfig::Padding mode) {
  if (position >= 0 && position < n) return position;
  if (mode == RandomCropConfig::Padding::kZero) return kOutside;
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1);
  const int64_t phase = ((position % period) + period) % period;
  return std::min(phase, period - phase);
}

class RandomCrop final : public Transform {
 public:
  RandomCrop(Extent size, const RandomCropConfig& config)
      : size_(size), padding_(config.padding), mode_(config.padding_mode) {}

  Image apply(Image image, Random random) const override {
    const Box box = draw(image.extent(), random);
    return is_inside(box, image.extent()) ? crop(image, box)
                                          : padded_crop(image, box.top, box.left);
  }
  std::optional<CropPlan> plan(Extent image, Random random) const override {
    const Box box = draw(image, random);
    if (!is_inside(box, image)) return std::nullopt;
    return crop_plan(box);
  }

 private:
  static bool is_inside(const Box& box, Extent image) {
    return box.top >= 0 && box.left >= 0 && box.top + box.height <= image.height &&
           box.left + box.width <= image.width;
  }

  Box draw(Extent image, Random& random) const {
    const int64_t spare_rows = image.height + 2 * padding_ - size_.height;
    const int64_t spare_columns = image.width + 2 * padding_ - size_.width;
    if (spare_rows < 0 || spare_columns < 0) {
      throw DataError("random_crop takes " + to_string(size_) +
                      " pixels (height x width) out of an image of " + to_string(image) +
                      " with padding " + std::to_string(padding_) +
                      "\nput resize_shorter before it in augment, or raise its padding");
    }
    const int64_t top = random.below(spare_rows + 1) - padding_;
    const int64_t left = random.below(spare_columns + 1) - padding_;
    return {top, left, size_.height, size_.width};
  }

  Image padded_crop(const Image& image, int64_t top, int64_t left) const {
    Image result(size_.height, size_.width, image.channels);  // black
    for (int64_t y = 0; y < size_.height; ++y) {
      const int64_t from_y = source_of(top + y, image.height, mode_);
      if (from_y == kOutside) continue;
      for (int64_t x = 0; x < size_.width; ++x) {
        const int64_t from_x = source_of(left + x, image.width, mode_);
        if (from_x == kOutside) continue;
        std::memcpy(result.row(y) + x * image.channels, image.row(from_y) + from_x * image.channels,
                    static_cast<size_t>(image.channels));
      }
    }
    return result;
  }

  Extent size_;
  int64_t padding_;
  RandomCropConfig::Padding mode_;
};

std::unique_ptr<Transform> build_random_crop(const RandomCropConfig& config,
                                             const TransformContext& context) {
  return std::make_unique<RandomCrop>(config.size.is_set() ? config.size : context.image, config);
}

}  // namespace

void add_random_crop(Transforms::Catalog& catalog) {
  catalog.add<RandomCropConfig>("random_crop", "Pads, then cuts out a part at a random place.",
                                build_random_crop);
}

}  // namespace vit
