/* The C interface of the optional CUDA kernels: pointers, sizes and a stream, no LibTorch and no
 * C++, so that the kernels compile in seconds and outlive LibTorch versions. A build without nvcc
 * links a stub: vit_kernels_present() is false there, every call returns VIT_KERNELS_ABSENT, and
 * the caller uses its ATen composition instead, which is also the reference in the tests. A call
 * only queues work on `stream` (a cudaStream_t), so it may be captured into a CUDA graph; it
 * returns 0 or a cudaError_t, which vit_kernels_error() puts into words.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VIT_KERNELS_API __attribute__((visibility("default")))
#define VIT_KERNELS_ABSENT (-1)

#ifdef __cplusplus
extern "C" {
#endif

enum vit_float_type { VIT_FLOAT32 = 0, VIT_BFLOAT16 = 1 };

VIT_KERNELS_API bool vit_kernels_present(void);
VIT_KERNELS_API const char* vit_kernels_error(int code);

/* out[n, c, i] = images[n, c, i] * scale[c] + offset[c], computed in fp32 and rounded once to
 * `type`. images: uint8 [batch, channels, pixels]; out: the same shape in `type`; scale, offset:
 * fp32 [channels]. All four are contiguous device memory. With a mean and a deviation per channel:
 * scale = 1 / (255 std), offset = -mean / std.
 */
VIT_KERNELS_API int vit_normalize(const uint8_t* images, void* out, enum vit_float_type type,
                                  const float* scale, const float* offset, int64_t batch,
                                  int64_t channels, int64_t pixels, void* stream);

#ifdef __cplusplus
}
#endif
