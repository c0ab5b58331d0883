#include "zip_tensor.hpp"

#include "mapped_storage.hpp"

#include <ATen/ATen.h>

namespace vit {

at::Tensor read_tensor(const ZipArchive& archive, ZipMemberReader& reader, at::ScalarType type,
                       at::IntArrayRef shape) {
  if (reader.is_mapped()) {
    const std::string_view bytes = reader.rest();
    reader.finish();
    at::Tensor tensor = mapped_tensor(archive.file(), bytes, type, shape);
    archive.file()->forget(bytes);  // the checksum has touched every page
    return tensor;
  }
  const bool is_bool = type == at::kBool;  // not every byte is one
  at::Tensor tensor = at::empty(shape, is_bool ? at::kByte : type);
  reader.read(tensor.mutable_data_ptr(), reader.left());
  reader.finish();
  return is_bool ? tensor.ne(0) : tensor;
}

}  // namespace vit
