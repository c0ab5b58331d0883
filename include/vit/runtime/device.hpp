// Which device a run uses, what it is, and the switches that hold for the whole process.
#pragma once

#include "vit/core/random.hpp"

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace vit {

// `request` is auto, cpu, cuda or cuda:N. auto takes the first CUDA device when there is one.
// Throws ConfigError with the reason when CUDA is asked for and this build or machine has none, or
// no such index.
at::Device choose_device(const std::string& request);

// "CPU, 2 threads, AVX-512" or "NVIDIA H200, 139.8 GiB".
std::string describe(at::Device device);

// "LibTorch 2.11.0, CUDA 13.0" / "LibTorch 2.11.0, no CUDA in this build".
std::string describe_libtorch();

// Bit-identical results run to run on one machine, at a cost in speed on CUDA: deterministic
// algorithms only, no cuDNN benchmark, a fixed cuBLAS workspace. Call before the first use of the
// device.
void set_deterministic(bool on);

// Matrix products in fp32 may use TF32 on CUDA.
void allow_tf32(bool on);

// Seeds LibTorch's default generators (dropout, stochastic depth) of the CPU and of `device`.
void seed_device(at::Device device, Random random);

// Blocks until `device` has done all it was given. A no-op on the CPU.
void synchronize(at::Device device);

// Peak bytes allocated on `device` since the process started; on the CPU the peak resident size of
// the process.
int64_t peak_memory_bytes(at::Device device);

// Bytes of memory `device` has in all.
int64_t total_memory_bytes(at::Device device);

}  // namespace vit
