// Device choice, seeds, precision, host memory. What needs a GPU is skipped without one.
#include "vit/runtime/device.hpp"

#include "vit/core/error.hpp"
#include "vit/runtime/host_buffer.hpp"
#include "vit/runtime/precision.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>

namespace vit {
namespace {

std::string refusal(const std::string& request) {
  try {
    choose_device(request);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Device, cpu_is_always_there) {
  EXPECT_EQ(choose_device("cpu"), at::Device(at::kCPU));
  EXPECT_EQ(choose_device("auto").is_cuda(), at::hasCUDA());
  EXPECT_NE(describe(at::kCPU).find("CPU, "), std::string::npos);
  EXPECT_NE(describe_libtorch().find("LibTorch "), std::string::npos);
  EXPECT_GT(total_memory_bytes(at::kCPU), int64_t{1} << 28);
  EXPECT_GT(peak_memory_bytes(at::kCPU), int64_t{1} << 20);
  synchronize(at::kCPU);
}

TEST(Device, requests_that_make_no_sense_are_refused) {
  for (const char* request :
       {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "CPU", "cuda:99999999999"}) {
    EXPECT_NE(refusal(request).find("auto, cpu, cuda or cuda:N"), std::string::npos) << request;
  }
}

TEST(Device, cuda_that_is_not_there_is_refused_with_the_reason) {
  const std::string text = refusal("cuda:77");
  EXPECT_NE(text.find("'cuda:77'"), std::string::npos) << text;
  const bool names_reason =
      text.find("without CUDA") != text.npos || text.find("driver") != text.npos ||
      text.find("CUDA_VISIBLE_DEVICES") != text.npos || text.find("this machine has") != text.npos;
  EXPECT_TRUE(names_reason) << text;
}

TEST(Device, cuda_is_described) {
  if (!at::hasCUDA()) GTEST_SKIP() << "needs a CUDA device";
  const at::Device device = choose_device("cuda");
  EXPECT_NE(describe(device).find("GiB"), std::string::npos) << describe(device);
  EXPECT_NE(describe_libtorch().find("CUDA 1"), std::string::npos) << describe_libtorch();
  EXPECT_GT(total_memory_bytes(device), int64_t{1} << 30);
  const at::Tensor some = at::zeros({1 << 20}, device);
  synchronize(device);
  EXPECT_GE(peak_memory_bytes(device), int64_t{4} << 20);
}

at::Tensor draw(at::Device device, uint64_t seed) {
  seed_device(device, Random(seed).stream("dropout"));
  return at::rand({64}, device);
}

TEST(Device, a_seed_decides_the_draws) {
  const at::Device device = choose_device("auto");
  EXPECT_TRUE(at::equal(draw(at::kCPU, 1), draw(at::kCPU, 1)));
  EXPECT_FALSE(at::equal(draw(at::kCPU, 1), draw(at::kCPU, 2)));
  EXPECT_TRUE(at::equal(draw(device, 1), draw(device, 1)));
  EXPECT_FALSE(at::equal(draw(device, 1), draw(device, 2)));
}

TEST(Device, determinism_can_be_switched) {
  set_deterministic(true);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_TRUE(at::globalContext().deterministicCuDNN());
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  set_deterministic(false);
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
  allow_tf32(true);
  EXPECT_TRUE(at::globalContext().allowTF32CuBLAS());
  allow_tf32(false);
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
}

TEST(Precision, bf16_covers_matrix_products_within_the_scope_only) {
  const at::Tensor x = at::randn({4, 8}), w = at::randn({3, 8}).set_requires_grad(true);
  {
    const AutocastGuard guard(at::kCPU, Precision::kBf16);
    const at::Tensor y = at::linear(x, w);
    EXPECT_EQ(y.scalar_type(), at::kBFloat16);
    y.to(at::kFloat).sum().backward();
    EXPECT_EQ(w.grad().scalar_type(), at::kFloat);
    const AutocastGuard inner(at::kCPU, Precision::kFp32);  // changes nothing
    EXPECT_EQ(at::linear(x, w).scalar_type(), at::kBFloat16);
  }
  EXPECT_EQ(at::linear(x, w).scalar_type(), at::kFloat);
}

TEST(Precision, weights_changed_between_scopes_are_cast_anew) {
  const at::Tensor x = at::ones({1, 4});
  at::Tensor w = at::ones({1, 4}).set_requires_grad(true);
  for (const float value : {1.0F, 3.0F}) {
    w.detach().fill_(value);
    const AutocastGuard guard(at::kCPU, Precision::kBf16);
    EXPECT_EQ(at::linear(x, w).item<float>(), 4 * value);
  }
}

TEST(NoGrad, stops_recording_and_restores) {
  const at::Tensor w = at::ones({2}).set_requires_grad(true);
  {
    const NoGrad outer;
    { const NoGrad inner; }
    EXPECT_FALSE((w * 2).requires_grad());
  }
  EXPECT_TRUE((w * 2).requires_grad());
}

TEST(HostBuffer, is_aligned_shared_and_writable) {
  for (const auto kind : {HostMemory::kPageable, HostMemory::kPinned}) {
    const HostBuffer buffer(1001, kind);
    EXPECT_EQ(buffer.size(), 1001u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
    std::memset(buffer.data(), 7, buffer.size());
    const HostBuffer copy = buffer;
    EXPECT_EQ(copy.data(), buffer.data());
  }
  EXPECT_EQ(HostBuffer(0, HostMemory::kPageable).data(), nullptr);
  EXPECT_EQ(HostBuffer().size(), 0u);
}

}  // namespace
}  // namespace vit
