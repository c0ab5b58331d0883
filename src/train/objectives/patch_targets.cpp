#include "patch_targets.hpp"

#include <ATen/ATen.h>

#include <vector>

namespace vit {
namespace {

// The mean of the two last dimensions of a cell grid of `side` x `side`: [M, C, p, q] -> [M, C,
// side, side].
at::Tensor reduced(const at::Tensor& patches, int64_t side) {
  return at::adaptive_avg_pool2d(patches.flatten(0, 1), {side, side});
}

at::Tensor cell_classes(const at::Tensor& patches, int64_t side) {
  const at::Tensor colors = reduced(patches, side)  // [B N, C, side, side]
                                .flatten(2)         // [B N, C, side * side]
                                .transpose(1, 2);   // [B N, side * side, C]
  return color_class(colors).view({patches.size(0), patches.size(1), side * side});
}

}  // namespace

at::Tensor pixel_patches(const at::Tensor& images, const Normalisation& normalisation,
                         const PatchTokens& tokens) {
  const int64_t batch = images.size(0), channels = images.size(1);
  const Extent grid = tokens.grid, pitch = tokens.pitch;
  // Channel by channel: numbers of the host enter as arguments, not as a copy to the device.
  std::vector<at::Tensor> planes;
  for (int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<size_t>(c);
    planes.push_back(images.select(1, c)
                         .to(at::kFloat)
                         .mul(255 * normalisation.std[i])
                         .add(255 * normalisation.mean[i]));
  }
  const at::Tensor pixels = at::stack(planes, 1);  // [B, C, H, W]
  return pixels.narrow(2, 0, grid.height * pitch.height)
      .narrow(3, 0, grid.width * pitch.width)
      .reshape({batch, channels, grid.height, pitch.height, grid.width, pitch.width})
      .permute({0, 2, 4, 1, 3, 5})  // [B, h, w, C, p, q]
      .reshape({batch, grid.area(), channels, pitch.height, pitch.width});
}

at::Tensor color_class(const at::Tensor& colors) {
  constexpr int64_t kLevels = 8, kPerLevel = 256 / kLevels;
  // Pixels are whole numbers; normalising and back leaves an error in the last digits.
  const at::Tensor levels =
      (colors + 1e-3).div(kPerLevel).floor().clamp(0, kLevels - 1).to(at::kLong);
  at::Tensor index = levels.select(-1, 0);
  for (int64_t channel = 1; channel < colors.size(-1); ++channel)
    index = index * kLevels + levels.select(-1, channel);
  return index;
}

at::Tensor mean_color_classes(const at::Tensor& patches) { return cell_classes(patches, 1); }

at::Tensor downsized_classes(const at::Tensor& patches) { return cell_classes(patches, 4); }

}  // namespace vit
