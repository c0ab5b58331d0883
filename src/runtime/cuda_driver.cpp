#include "cuda_driver.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>

namespace vit {
namespace {

// The driver API as NVIDIA documents it; CUdevice is an int.
struct Driver {
  int (*init)(unsigned) = nullptr;
  int (*count)(int*) = nullptr;
  int (*device)(int*, int) = nullptr;
  int (*name)(char*, int, int) = nullptr;
  int (*total_memory)(size_t*, int) = nullptr;
  int (*error_text)(int, const char**) = nullptr;
  bool is_loaded = false;

  Driver() {
    void* library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) return;
    is_loaded = load(library, "cuInit", init) && load(library, "cuDeviceGetCount", count) &&
                load(library, "cuDeviceGet", device) && load(library, "cuDeviceGetName", name) &&
                load(library, "cuDeviceTotalMem_v2", total_memory) &&
                load(library, "cuGetErrorString", error_text);
  }

  template <class Function>
  static bool load(void* library, const char* symbol, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
    return function != nullptr;
  }
};

const Driver& driver() {
  static const Driver loaded;
  return loaded;
}

bool find_device(int index, int& device) {
  return driver().is_loaded && driver().init(0) == 0 && driver().device(&device, index) == 0;
}

}  // namespace

std::string cuda_driver_problem() {
  if (!driver().is_loaded) return "no NVIDIA driver is installed (libcuda.so.1 was not found)";
  int count = 0;
  int code = driver().init(0);
  if (code == 0) code = driver().count(&count);
  if (code == 0 && count > 0) return "";
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible != nullptr)
    return fmt::format("CUDA_VISIBLE_DEVICES is '{}', which leaves no device", visible);
  const char* text = nullptr;
  if (code != 0 && driver().error_text(code, &text) == 0 && text != nullptr)
    return std::string("the driver says: ") + text;
  return "the NVIDIA driver shows no device";
}

std::string cuda_device_name(int index) {
  int device = 0;
  char name[256] = "";
  const bool known = find_device(index, device) && driver().name(name, sizeof name, device) == 0;
  return known ? name : "CUDA device";
}

int64_t cuda_device_memory(int index) {
  int device = 0;
  size_t bytes = 0;
  const bool known = find_device(index, device) && driver().total_memory(&bytes, device) == 0;
  return known ? static_cast<int64_t>(bytes) : 0;
}

}  // namespace vit
