/* Stands in for the CUDA kernels in a build without nvcc. */
#include "vit/runtime/kernels.h"

bool vit_kernels_present(void) { return false; }

const char* vit_kernels_error(int code) {
  (void)code;
  return "this build has no CUDA kernels";
}

int vit_normalize(const uint8_t* images, void* out, enum vit_float_type type, const float* scale,
                  const float* offset, int64_t batch, int64_t channels, int64_t pixels,
                  void* stream) {
  (void)images, (void)out, (void)type, (void)scale, (void)offset, (void)batch, (void)channels,
      (void)pixels, (void)stream;
  return VIT_KERNELS_ABSENT;
}
