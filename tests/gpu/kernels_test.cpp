// The CUDA kernels against the same arithmetic in ATen. Skipped, with a word, where there is no GPU
// or no kernel.
#include "vit/runtime/kernels.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <tuple>

namespace {

class Normalize
    : public testing::TestWithParam<std::tuple<int64_t, int64_t, int64_t, at::ScalarType>> {
 protected:
  void SetUp() override {
    if (!vit_kernels_present()) GTEST_SKIP() << "this build has no CUDA kernels";
    if (!at::hasCUDA()) GTEST_SKIP() << "no GPU";
  }
};

TEST_P(Normalize, EqualsAten) {
  const auto [batch, channels, pixels, type] = GetParam();
  const at::Tensor images =
      at::randint(0, 256, {batch, channels, pixels}, at::dtype(at::kByte).device(at::kCUDA));
  const at::Tensor scale = at::rand({channels}, at::device(at::kCUDA)) + 0.01;
  const at::Tensor offset = at::randn({channels}, at::device(at::kCUDA));
  const at::Tensor out =
      at::full({batch, channels, pixels}, 777.0, at::dtype(type).device(at::kCUDA));

  const int code = vit_normalize(
      images.data_ptr<uint8_t>(), out.data_ptr(), type == at::kFloat ? VIT_FLOAT32 : VIT_BFLOAT16,
      scale.data_ptr<float>(), offset.data_ptr<float>(), batch, channels, pixels, nullptr);
  ASSERT_EQ(code, 0) << vit_kernels_error(code);

  // The kernel rounds once where ATen rounds twice.
  const at::Tensor exact = images.to(at::kDouble) * scale.view({-1, 1}) + offset.view({-1, 1});
  const double tolerance = type == at::kFloat ? 1e-6 : 4e-3;
  EXPECT_TRUE(at::allclose(out.to(at::kDouble), exact, tolerance, 1e-6))
      << (out.to(at::kDouble) - exact).abs().max().item<double>();
}

// Sizes that divide by the vector width and that do not, one pixel, more planes than one grid has.
INSTANTIATE_TEST_SUITE_P(Sizes, Normalize,
                         testing::Combine(testing::Values(1, 5), testing::Values(1, 3, 7),
                                          testing::Values(1, 49, 784, 50176),
                                          testing::Values(at::kFloat, at::kBFloat16)));
INSTANTIATE_TEST_SUITE_P(ManyPlanes, Normalize,
                         testing::Combine(testing::Values(40000), testing::Values(3),
                                          testing::Values(16),
                                          testing::Values(at::kFloat, at::kBFloat16)));

TEST(Kernels, WithoutAGpuTheCallSaysSo) {
  if (at::hasCUDA()) GTEST_SKIP() << "there is a GPU";
  const int code = vit_normalize(nullptr, nullptr, VIT_FLOAT32, nullptr, nullptr, 1, 1, 1, nullptr);
  EXPECT_NE(code, 0);
  EXPECT_STRNE(vit_kernels_error(code), "no error");
}

}  // namespace
