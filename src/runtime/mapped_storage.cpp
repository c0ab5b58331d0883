#include "mapped_storage.hpp"

#include "vit/core/error.hpp"
#include "vit/runtime/mapped_tensor.hpp"

#include <ATen/ATen.h>

#include <cstring>

namespace vit {
namespace {

// What the storage of a mapped tensor owns. The deleter's address tells such storages from others.
struct MappedBytes {
  std::shared_ptr<const MappedFile> file;
  std::string_view bytes;
};

void unmap(void* context) { delete static_cast<MappedBytes*>(context); }

at::Storage mapped_storage(const std::shared_ptr<const MappedFile>& file, std::string_view bytes) {
  // The map is read-only; LibTorch has no storage of const memory.
  void* data = const_cast<char*>(bytes.data());
  at::DataPtr owner(data, new MappedBytes{file, bytes}, &unmap, at::kCPU);
  return {at::Storage::use_byte_size_t(), bytes.size(), std::move(owner), nullptr, false};
}

bool is_aligned(std::string_view bytes, at::ScalarType type) {
  return reinterpret_cast<uintptr_t>(bytes.data()) % at::elementSize(type) == 0;
}

}  // namespace

std::shared_ptr<const MappedFile> map_weights(const fs::path& path) {
  try {
    auto file = std::make_shared<const MappedFile>(path);
    file->will_be_read_in_order();
    return file;
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

at::Tensor mapped_tensor(const std::shared_ptr<const MappedFile>& file, std::string_view bytes,
                         at::ScalarType type, at::IntArrayRef shape) {
  const auto options = at::TensorOptions().dtype(type);
  if (bytes.empty()) return at::empty(shape, options);
  if (type == at::kBool) return mapped_tensor(file, bytes, at::kByte, shape).ne(0);
  if (is_aligned(bytes, type)) {
    return at::empty({0}, options).set_(mapped_storage(file, bytes), 0, shape);
  }
  at::Tensor copy = at::empty(shape, options);
  std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
  file->forget(bytes);
  return copy;
}

void release_pages(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.has_storage() || tensor.numel() == 0) return;
  const auto* mapped = tensor.storage().data_ptr().cast_context<MappedBytes>(&unmap);
  if (mapped != nullptr) mapped->file->forget(mapped->bytes);
}

}  // namespace vit
