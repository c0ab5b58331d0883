// Normalisation of byte images against torchvision, in every layout and type, and our CUDA kernel
// against ATen.
#include "vit/runtime/normalize.hpp"

#include "vit/runtime/tensor_file.hpp"

#include "support/golden.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace vit {
namespace {

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kCPU).to(at::kDouble) - b.to(at::kCPU).to(at::kDouble))
      .abs()
      .max()
      .item<double>();
}

std::vector<at::Device> devices() {
  std::vector<at::Device> all = {at::kCPU};
  if (at::hasCUDA()) all.emplace_back(at::kCUDA, 0);
  return all;
}

TEST(Normalize, golden_images) {
  const TensorFile file(test::golden_dir() / "images" / "normalize.safetensors");
  const auto settings = nlohmann::json::parse(file.metadata().at("json"));
  ASSERT_FALSE(settings.empty());
  for (const at::Device device : devices()) {
    // The bytes lie interleaved as a decoder leaves them: permuted strides.
    const at::Tensor images =
        file.tensor("image_u8_hwc").to(device).permute({2, 0, 1}).unsqueeze(0);
    for (const auto& [name, values] : settings.items()) {
      const std::string key = "torchvision_" + name + "_chw";
      if (!file.contains(key)) continue;
      const auto mean = values.at("mean").get<std::vector<double>>(),
                 std = values.at("std").get<std::vector<double>>();
      const at::Tensor out = normalize_images(images, mean, std, at::kFloat);
      EXPECT_LE(largest_difference(out.squeeze(0), file.tensor(key)), 1e-6)
          << name << " on " << device;
      const at::Tensor half = normalize_images(images, mean, std, at::kBFloat16);
      EXPECT_EQ(half.scalar_type(), at::kBFloat16);
      EXPECT_LE(largest_difference(half, out), 0.01) << name << " on " << device;
    }
  }
}

TEST(Normalize, every_byte_value_and_odd_sizes) {
  const std::vector<double> half = {0.5}, mean = {0.1, 0.2, 0.3, 0.4, 0.5},
                            std = {0.5, 0.4, 0.3, 0.2, 0.1};
  for (const at::Device device : devices()) {
    const at::Tensor bytes = at::arange(256, at::kByte).view({1, 1, 16, 16}).to(device);
    const at::Tensor expected = (at::arange(256, at::kDouble).view({1, 1, 16, 16}) - 127.5) / 127.5;
    EXPECT_LE(largest_difference(normalize_images(bytes, half, half, at::kFloat), expected), 1e-6);

    const at::Tensor odd = at::randint(0, 256, {3, 5, 7, 3}, at::kByte);
    const at::Tensor m = at::tensor(mean, at::kDouble).view({5, 1, 1}),
                     s = at::tensor(std, at::kDouble).view({5, 1, 1});
    const at::Tensor wanted = (odd.to(at::kDouble) / 255 - m) / s;
    EXPECT_LE(largest_difference(normalize_images(odd.to(device), mean, std, at::kFloat), wanted),
              2e-6);
    EXPECT_LE(largest_difference(normalize_images(odd.to(device), mean, std, at::kDouble), wanted),
              2e-6);
    EXPECT_EQ(normalize_images(odd.slice(0, 0, 0).to(device), mean, std, at::kFloat).numel(), 0);
  }
}

TEST(Normalize, input_is_left_alone) {
  const at::Tensor bytes = at::randint(0, 256, {2, 3, 4, 4}, at::kByte), before = bytes.clone();
  const std::vector<double> half = {0.5};
  normalize_images(bytes, half, half, at::kFloat);
  EXPECT_TRUE(at::equal(bytes, before));
}

}  // namespace
}  // namespace vit
