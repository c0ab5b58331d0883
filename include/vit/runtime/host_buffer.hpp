// A block of host memory that a CUDA copy can read asynchronously (page-locked), or plain memory
// where there is no CUDA.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace vit {

enum class HostMemory { kPageable, kPinned };

class HostBuffer {
 public:
  HostBuffer() = default;
  HostBuffer(size_t bytes, HostMemory kind);  // 64-byte aligned

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::shared_ptr<void> owner_;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace vit
