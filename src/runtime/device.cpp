#include "vit/runtime/device.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include "cuda_driver.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <torch/headeronly/version.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <mutex>
#include <optional>

namespace vit {
namespace {

const at::CUDAHooksInterface& cuda() { return at::detail::getCUDAHooks(); }

bool is_built_with_cuda() { return cuda().hasCUDART(); }

int cuda_device_count() { return is_built_with_cuda() ? cuda().deviceCount() : 0; }

// The N of "cuda:N", 0 for "cuda", nothing for any other text.
std::optional<int> cuda_index(const std::string& request) {
  if (request == "cuda") return 0;
  constexpr std::string_view kPrefix = "cuda:";
  int index = 0;
  const char* end = request.data() + request.size();
  if (!request.starts_with(kPrefix) || request.size() == kPrefix.size()) return std::nullopt;
  const auto [stop, error] = std::from_chars(request.data() + kPrefix.size(), end, index);
  if (error != std::errc() || stop != end || index < 0) return std::nullopt;
  return index;
}

at::Device cuda_device(const std::string& request, int index) {
  const std::string wanted = fmt::format("the device '{}' was asked for, but ", request);
  if (!is_built_with_cuda()) {
    throw ConfigError(wanted +
                      "this program was built without CUDA\n"
                      "run scripts/setup --cuda on and build again, or use device: cpu");
  }
  const int count = cuda_device_count();
  if (count == 0) {
    const std::string problem = cuda_driver_problem();
    throw ConfigError(wanted + "there is no usable CUDA device on this machine\n" +
                      (problem.empty() ? "LibTorch and the driver do not agree" : problem) +
                      "\nuse device: cpu, or auto");
  }
  if (index >= count) {
    throw ConfigError(wanted +
                      (count == 1 ? std::string("this machine has one CUDA device: cuda:0")
                                  : fmt::format("this machine has cuda:0 to cuda:{}", count - 1)));
  }
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

void seed(const at::Generator& shared, uint64_t value) {
  at::Generator generator = shared;
  const std::lock_guard lock(generator.mutex());
  generator.set_current_seed(value);
}

}  // namespace

at::Device choose_device(const std::string& request) {
  if (request == "cpu") return at::kCPU;
  if (request == "auto")
    return cuda_device_count() > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  if (const auto index = cuda_index(request)) return cuda_device(request, *index);
  throw ConfigError(
      fmt::format("there is no device called '{}'\nuse auto, cpu, cuda or cuda:N", request));
}

std::string describe(at::Device device) {
  if (device.is_cuda()) {
    return fmt::format("{}, {}", cuda_device_name(device.index()),
                       human_bytes(static_cast<double>(total_memory_bytes(device))));
  }
  std::string vectors = at::get_cpu_capability();
  if (vectors == "AVX512") vectors = "AVX-512";
  if (vectors == "DEFAULT") vectors = "no vector extension";
  const int threads = at::get_num_threads();
  return fmt::format("CPU, {} thread{}, {}", threads, threads == 1 ? "" : "s", vectors);
}

std::string describe_libtorch() {
  if (!is_built_with_cuda()) return "LibTorch " TORCH_VERSION ", no CUDA in this build";
  const long version = cuda().versionCUDART();  // 13000 is 13.0
  return fmt::format("LibTorch " TORCH_VERSION ", CUDA {}.{}", version / 1000, version % 1000 / 10);
}

void set_deterministic(bool on) {
  if (on) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);  // read once, when cuBLAS starts
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(on, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(
      false);  // it would only hide reads of uninitialised memory, at a price
  context.setDeterministicCuDNN(on);
  context.setBenchmarkCuDNN(!on);
}

void allow_tf32(bool on) {
  at::globalContext().setAllowTF32CuBLAS(on);
  at::globalContext().setAllowTF32CuDNN(on);
}

void seed_device(at::Device device, Random random) {
  seed(at::globalContext().defaultGenerator(at::kCPU), random.stream("cpu").bits());
  if (device.is_cuda())
    seed(at::globalContext().defaultGenerator(device), random.stream("cuda").bits());
}

void synchronize(at::Device device) {
  if (device.is_cuda()) cuda().deviceSynchronize(device.index());
}

int64_t peak_memory_bytes(at::Device device) {
  if (device.is_cuda()) {
    auto* allocator = c10::getDeviceAllocator(at::kCUDA);
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return allocator->initialized()
               ? allocator->getDeviceStats(device.index()).allocated_bytes[kAll].peak
               : 0;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

int64_t total_memory_bytes(at::Device device) {
  if (device.is_cuda()) return cuda_device_memory(device.index());
  return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
}

}  // namespace vit
