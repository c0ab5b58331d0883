// The few questions to the NVIDIA driver that LibTorch's CPU headers have no words for. The driver
// library is looked up at run time, so that no CUDA header or toolkit is needed to build and none
// has to be there to run.
#pragma once

#include <cstdint>
#include <string>

namespace vit {

// Why the driver has no device to offer: "no NVIDIA driver is installed ...", "the driver says:
// ...". "" when it has one.
std::string cuda_driver_problem();

// Of the device LibTorch calls cuda:index. "CUDA device" and 0 when the driver does not say.
std::string cuda_device_name(int index);
int64_t cuda_device_memory(int index);

}  // namespace vit
