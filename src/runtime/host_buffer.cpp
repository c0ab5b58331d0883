#include "vit/runtime/host_buffer.hpp"

#include <ATen/Context.h>

#include <cstdlib>
#include <new>

namespace vit {
namespace {

constexpr size_t kAlignment = 64;

std::shared_ptr<void> pageable(size_t bytes) {
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return {memory, [](void* p) { std::free(p); }};
}

// From LibTorch's cache of page-locked blocks, whose alignment is far above ours.
std::shared_ptr<void> pinned(size_t bytes) {
  const auto block = std::make_shared<at::DataPtr>(
      at::globalContext().getPinnedMemoryAllocator(at::kCUDA)->allocate(bytes));
  return {block, block->get()};
}

}  // namespace

HostBuffer::HostBuffer(size_t bytes, HostMemory kind) : size_(bytes) {
  if (bytes == 0) return;
  owner_ = kind == HostMemory::kPinned && at::hasCUDA() ? pinned(bytes) : pageable(bytes);
  data_ = static_cast<uint8_t*>(owner_.get());
}

}  // namespace vit
