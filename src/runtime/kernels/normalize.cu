// Bytes to normalised floating point in one pass over memory: the kernel reads one byte and writes
// four (or two) an element, so all that matters is that both sides move in full vectors. A thread
// writes 16 bytes at a time (4 floats or 8 bfloat16), neighbouring threads neighbouring vectors;
// one row of blocks serves one plane (one channel of one image), whose scale and offset stay in
// registers.
#include "vit/runtime/kernels.h"

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace {

constexpr int kThreads = 256;
constexpr int64_t kMaxPlaneBlocks = 65535;  // the limit of gridDim.y

template <class Out>
__device__ Out rounded(float value) {
  if constexpr (std::is_same_v<Out, float>) return value;
  if constexpr (std::is_same_v<Out, __nv_bfloat16>) return __float2bfloat16_rn(value);
}

template <class T, int kWidth>
struct alignas(sizeof(T) * kWidth) Vector {
  T values[kWidth];
};

// vectors: how many Vectors one plane holds.
template <class Out, int kWidth>
__global__ void __launch_bounds__(kThreads)
    normalize(const Vector<uint8_t, kWidth>* __restrict__ images,
              Vector<Out, kWidth>* __restrict__ out, const float* __restrict__ scale,
              const float* __restrict__ offset, int64_t planes, int64_t channels, int64_t vectors) {
  for (int64_t plane = blockIdx.y; plane < planes; plane += gridDim.y) {
    const int64_t channel = plane % channels;
    const float a = scale[channel];
    const float b = offset[channel];
    for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < vectors;
         i += int64_t{gridDim.x} * kThreads) {
      const Vector<uint8_t, kWidth> in = images[plane * vectors + i];
      Vector<Out, kWidth> result;
#pragma unroll
      for (int k = 0; k < kWidth; ++k)
        result.values[k] = rounded<Out>(fmaf(static_cast<float>(in.values[k]), a, b));
      out[plane * vectors + i] = result;
    }
  }
}

template <class Out, int kWidth>
void launch(const uint8_t* images, void* out, const float* scale, const float* offset,
            int64_t planes, int64_t channels, int64_t pixels, cudaStream_t stream) {
  const int64_t vectors = pixels / kWidth;
  const int64_t columns = std::min<int64_t>((vectors + kThreads - 1) / kThreads, 1 << 20);
  const dim3 grid(static_cast<unsigned>(columns),
                  static_cast<unsigned>(std::min(planes, kMaxPlaneBlocks)));
  normalize<Out, kWidth><<<grid, kThreads, 0, stream>>>(
      reinterpret_cast<const Vector<uint8_t, kWidth>*>(images),
      static_cast<Vector<Out, kWidth>*>(out), scale, offset, planes, channels, vectors);
}

// The wide kernel needs planes that start on its boundaries.
template <class Out>
void dispatch(const uint8_t* images, void* out, const float* scale, const float* offset,
              int64_t planes, int64_t channels, int64_t pixels, cudaStream_t stream) {
  constexpr int kWide = 16 / sizeof(Out);
  const bool aligned = pixels % kWide == 0 && reinterpret_cast<uintptr_t>(images) % kWide == 0 &&
                       reinterpret_cast<uintptr_t>(out) % 16 == 0;
  if (aligned) {
    launch<Out, kWide>(images, out, scale, offset, planes, channels, pixels, stream);
  } else {
    launch<Out, 1>(images, out, scale, offset, planes, channels, pixels, stream);
  }
}

}  // namespace

extern "C" {

bool vit_kernels_present(void) { return true; }

const char* vit_kernels_error(int code) {
  return cudaGetErrorString(static_cast<cudaError_t>(code));
}

int vit_normalize(const uint8_t* images, void* out, enum vit_float_type type, const float* scale,
                  const float* offset, int64_t batch, int64_t channels, int64_t pixels,
                  void* stream) {
  const int64_t planes = batch * channels;
  if (planes == 0 || pixels == 0) return cudaSuccess;
  const auto queue = static_cast<cudaStream_t>(stream);
  switch (type) {
    case VIT_FLOAT32:
      dispatch<float>(images, out, scale, offset, planes, channels, pixels, queue);
      break;
    case VIT_BFLOAT16:
      dispatch<__nv_bfloat16>(images, out, scale, offset, planes, channels, pixels, queue);
      break;
    default:
      return cudaErrorInvalidValue;
  }
  return cudaGetLastError();
}

}  // extern "C"
