#include "vit/runtime/tensor_file.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "tensor_dtype.hpp"
#include "tensor_header.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace vit {
namespace {

MappedFile map_file(const std::filesystem::path& path) {
  try {
    return MappedFile(path);
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

TensorHeader read_header(const MappedFile& file) {
  try {
    return parse_tensor_header(file.bytes());
  } catch (const TensorHeaderFlaw& flaw) {
    throw CheckpointError(
        fmt::format("this weights file cannot be used: it {}\nfile: {}\nIt is damaged, incomplete "
                    "or no safetensors file; get or write it again.",
                    flaw.what(), file.path().string()));
  }
}

at::ScalarType scalar_type(const std::string& dtype) {
  const auto found =
      std::ranges::find(kTensorDtypes, dtype, [](const auto& entry) { return entry.first; });
  VIT_CHECK(found != kTensorDtypes.end(), dtype);
  return found->second;
}

}  // namespace

struct TensorFile::Impl {
  explicit Impl(const std::filesystem::path& path)
      : file(map_file(path)), header(read_header(file)) {
    for (size_t i = 0; i < header.entries.size(); ++i) index.emplace(header.entries[i].name, i);
  }

  MappedFile file;
  TensorHeader header;
  std::unordered_map<std::string, size_t> index;
};

TensorFile::TensorFile(const std::filesystem::path& path)
    : impl_(std::make_shared<const Impl>(path)) {}

const std::filesystem::path& TensorFile::path() const { return impl_->file.path(); }

const std::map<std::string, std::string>& TensorFile::metadata() const {
  return impl_->header.metadata;
}

std::vector<std::string> TensorFile::names() const {
  std::vector<std::string> names;
  names.reserve(impl_->header.entries.size());
  for (const TensorEntry& entry : impl_->header.entries) names.push_back(entry.name);
  return names;
}

bool TensorFile::contains(const std::string& name) const { return impl_->index.contains(name); }

at::Tensor TensorFile::tensor(const std::string& name) const {
  const auto found = impl_->index.find(name);
  if (found == impl_->index.end()) {
    const std::string near = closest(name, names());
    throw CheckpointError(
        fmt::format("there is no tensor \"{}\" in {}{}", name, path().string(),
                    near.empty() ? "" : fmt::format("\nthe closest name is \"{}\"", near)));
  }
  const TensorEntry& entry = impl_->header.entries[found->second];
  const at::ScalarType type = scalar_type(entry.dtype);
  const auto options = at::TensorOptions().dtype(type);
  if (entry.begin == entry.end) return at::empty(entry.shape, options);

  const char* bytes = impl_->file.bytes().data() + impl_->header.data_offset + entry.begin;
  const bool is_aligned =
      reinterpret_cast<uintptr_t>(bytes) % static_cast<uintptr_t>(dtype_size(entry.dtype)) == 0;
  if (!is_aligned) {  // a file of another writer, with an unpadded header
    at::Tensor copy = at::empty(entry.shape, options);
    std::memcpy(copy.mutable_data_ptr(), bytes, static_cast<size_t>(entry.end - entry.begin));
    return copy;
  }
  const auto keep_mapped = [impl = impl_](void*) mutable { impl.reset(); };
  // The mapping is read-only; from_blob has no const form.
  void* data = const_cast<char*>(bytes);
  if (type == at::kBool) {  // a byte that is neither 0 nor 1 must not become a bool as it is
    return at::from_blob(data, entry.shape, keep_mapped, options.dtype(at::kByte)).ne(0);
  }
  return at::from_blob(data, entry.shape, keep_mapped, options);
}

NamedTensors TensorFile::tensors() const {
  NamedTensors all;
  all.reserve(impl_->header.entries.size());
  for (const TensorEntry& entry : impl_->header.entries)
    all.push_back({entry.name, tensor(entry.name)});
  return all;
}

}  // namespace vit
