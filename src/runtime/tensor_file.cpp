#include "vit/runtime/tensor_file.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "file_flaw.hpp"
#include "mapped_storage.hpp"
#include "tensor_dtype.hpp"
#include "tensor_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace vit {
namespace {

TensorHeader read_header(const MappedFile& file) {
  try {
    return parse_tensor_header(file.bytes());
  } catch (const FileFlaw& flaw) {
    throw unusable(file.path(), flaw, "safetensors file");
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
      : file(map_weights(path)), header(read_header(*file)) {
    for (size_t i = 0; i < header.entries.size(); ++i) index.emplace(header.entries[i].name, i);
  }

  std::shared_ptr<const MappedFile> file;
  TensorHeader header;
  std::unordered_map<std::string, size_t> index;
};

TensorFile::TensorFile(const std::filesystem::path& path)
    : impl_(std::make_shared<const Impl>(path)) {}

const std::filesystem::path& TensorFile::path() const { return impl_->file->path(); }

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
  const std::string_view bytes =
      impl_->file->bytes().substr(static_cast<size_t>(impl_->header.data_offset + entry.begin),
                                  static_cast<size_t>(entry.end - entry.begin));
  return mapped_tensor(impl_->file, bytes, type, entry.shape);
}

NamedTensors TensorFile::tensors() const {
  NamedTensors all;
  all.reserve(impl_->header.entries.size());
  for (const TensorEntry& entry : impl_->header.entries)
    all.push_back({entry.name, tensor(entry.name)});
  return all;
}

}  // namespace vit
