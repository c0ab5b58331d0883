#include "vit/runtime/normalize.hpp"

#include "vit/core/error.hpp"
#include "vit/runtime/kernels.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

namespace vit {
namespace {

// One value per channel.
std::vector<double> per_channel(std::span<const double> values, int64_t channels) {
  VIT_CHECK(values.size() == 1 || static_cast<int64_t>(values.size()) == channels,
            "one value, or one per channel");
  std::vector<double> all(static_cast<size_t>(channels));
  for (size_t c = 0; c < all.size(); ++c) all[c] = values[values.size() == 1 ? 0 : c];
  return all;
}

bool all_equal(const std::vector<double>& values) {
  return std::ranges::all_of(values, [&](double v) { return v == values.front(); });
}

// The kernel's factors and offsets on a device. Copying them there waits for the device, so it
// happens once for each pair of constants. Kept until the process ends: the device may be gone when
// static objects are destroyed.
struct Constants {
  at::Tensor scale, offset;  // fp32 [C]
};

Constants constants_on(at::Device device, const std::vector<double>& mean,
                       const std::vector<double>& std) {
  using Key = std::tuple<c10::DeviceIndex, std::vector<double>, std::vector<double>>;
  static std::mutex mutex;
  static auto& known = *new std::map<Key, Constants>;
  const std::lock_guard lock(mutex);
  Constants& found = known[Key(device.index(), mean, std)];
  if (!found.scale.defined()) {
    const at::Tensor m = at::tensor(mean, at::kDouble), s = at::tensor(std, at::kDouble);
    found = {(1.0 / (255.0 * s)).to(at::kFloat).to(device), (-m / s).to(at::kFloat).to(device)};
  }
  return found;
}

at::Tensor with_kernel(const at::Tensor& images, const Constants& constants, at::ScalarType dtype) {
  const at::Tensor in = images.contiguous();
  at::Tensor out = at::empty(in.sizes(), in.options().dtype(dtype));
  const c10::DeviceGuard guard(in.device());
  const c10::impl::VirtualGuardImpl device(in.device().type());
  const int code = vit_normalize(
      in.const_data_ptr<uint8_t>(), out.mutable_data_ptr(),
      dtype == at::kFloat ? VIT_FLOAT32 : VIT_BFLOAT16, constants.scale.const_data_ptr<float>(),
      constants.offset.const_data_ptr<float>(), in.size(0), in.size(1), in.size(2) * in.size(3),
      device.getStreamNativeHandle(device.getStream(in.device())));
  VIT_CHECK(code == 0, vit_kernels_error(code));
  return out;
}

// (x - 255 mean) / (255 std). The constants are arguments of the operations, not tensors.
at::Tensor with_aten(const at::Tensor& images, const std::vector<double>& mean,
                     const std::vector<double>& std, at::ScalarType dtype) {
  at::Tensor out =
      images.to(at::kFloat, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::Contiguous);
  if (all_equal(mean) && all_equal(std)) {
    out.sub_(255.0 * mean.front()).div_(255.0 * std.front());
  } else {
    for (size_t c = 0; c < mean.size(); ++c) {
      out.select(1, static_cast<int64_t>(c)).sub_(255.0 * mean[c]).div_(255.0 * std[c]);
    }
  }
  return out.to(dtype);
}

}  // namespace

at::Tensor normalize_images(const at::Tensor& images, std::span<const double> mean,
                            std::span<const double> std, at::ScalarType dtype) {
  VIT_CHECK(images.scalar_type() == at::kByte && images.dim() == 4 && images.size(1) > 0,
            "images are uint8 [B, C, H, W]");
  const std::vector<double> m = per_channel(mean, images.size(1)),
                            s = per_channel(std, images.size(1));
  const bool is_kernel_type = dtype == at::kFloat || dtype == at::kBFloat16;
  if (images.is_cuda() && is_kernel_type && vit_kernels_present()) {
    return with_kernel(images, constants_on(images.device(), m, s), dtype);
  }
  return with_aten(images, m, s, dtype);
}

}  // namespace vit
