#include "blend.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

// One row a blend, on the device.
struct Columns {
  at::Tensor top, bottom, left, right;  // [n, 1, 1, 1]; bottom and right are one past the box
  at::Tensor given_inside;              // [n, 1, 1, 1], of a pixel in the box
  at::Tensor given;                     // [n, 1], of the label
};

// From page-locked memory the copy is queued like everything else; from pageable memory the driver
// may wait. The allocator keeps the block until the copy is done.
Columns columns_of(std::span<const Blend> blends, Extent image, at::Device device) {
  const auto n = static_cast<int64_t>(blends.size());
  const at::Tensor host =
      at::empty({n, 6}, at::TensorOptions().dtype(at::kFloat).pinned_memory(device.is_cuda()));
  auto* to = host.mutable_data_ptr<float>();
  for (const Blend& blend : blends) {
    const Box& box = blend.box;
    for (const int64_t edge : {box.top, box.top + box.height, box.left, box.left + box.width})
      *to++ = static_cast<float>(edge);
    *to++ = static_cast<float>(1 - blend.keep);
    *to++ = static_cast<float>(blend.given(image));
  }
  const at::Tensor table = host.to(device, at::kFloat, /*non_blocking=*/true);
  const auto column = [&](int64_t i) { return table.select(1, i).reshape({n, 1, 1, 1}); };
  return {column(0), column(1), column(2), column(3), column(4), table.narrow(1, 5, 1)};
}

// What every pixel gets of its partner: [n, 1, H, W].
at::Tensor given_pixels(const Columns& columns, Extent image, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  const at::Tensor y = at::arange(image.height, options).unsqueeze(1),
                   x = at::arange(image.width, options);
  const at::Tensor in_rows = y.ge(columns.top).logical_and(y.lt(columns.bottom)),
                   in_columns = x.ge(columns.left).logical_and(x.lt(columns.right));
  return in_rows.logical_and(in_columns).mul(columns.given_inside);
}

// at::one_hot would wait for the device to look at the largest class number.
at::Tensor soft_targets(const at::Tensor& classes, int64_t count) {
  return at::zeros({classes.size(0), count}, classes.options().dtype(at::kFloat))
      .scatter_(1, classes.unsqueeze(1), 1.0);
}

}  // namespace

Blend mixup_blend(double lambda, Extent image) {
  return {.box = {0, 0, image.height, image.width}, .keep = lambda};
}

Blend cutmix_blend(double lambda, int64_t center_y, int64_t center_x, Extent image) {
  const double ratio = std::sqrt(1 - lambda);
  const auto shrunk = [&](int64_t side) {
    return static_cast<int64_t>(static_cast<double>(side) * ratio);
  };
  const int64_t height = shrunk(image.height), width = shrunk(image.width);
  const int64_t y = center_y - height / 2, x = center_x - width / 2;  // before the border cuts
  const int64_t top = std::max<int64_t>(y, 0), left = std::max<int64_t>(x, 0);
  const int64_t bottom = std::min(y + height, image.height),
                right = std::min(x + width, image.width);
  return {.box = {top, left, bottom - top, right - left}, .keep = 0};
}

Batch blended(const Batch& batch, const Batch& partners, std::span<const Blend> blends,
              int64_t classes) {
  const at::Tensor& images = batch.images;
  const auto n = static_cast<int64_t>(blends.size());
  VIT_CHECK(n == 1 || n == batch.size(), "one blend for all, or one a row");
  const Extent image{images.size(2), images.size(3)};
  const Columns columns = columns_of(blends, image, images.device());
  Batch mixed = batch;
  mixed.images = at::lerp(images, partners.images, given_pixels(columns, image, images.device()));
  mixed.targets = at::lerp(soft_targets(batch.targets, classes),
                           soft_targets(partners.targets, classes), columns.given);
  return mixed;
}

}  // namespace vit
