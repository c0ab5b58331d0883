#include "vit/runtime/npz_file.hpp"

#include "file_flaw.hpp"
#include "mapped_storage.hpp"
#include "npy_header.hpp"
#include "zip_archive.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

namespace vit {
namespace {

constexpr std::string_view kSuffix = ".npy";

std::string take(ZipMemberReader& reader, uint64_t size, const std::string& name) {
  if (size > reader.left())
    throw FileFlaw(fmt::format("has an array {} that ends too early", in_quotes(name)));
  std::string bytes(size, '\0');
  reader.read(bytes.data(), size);
  return bytes;
}

NpyHeader read_header(ZipMemberReader& reader, const std::string& name) {
  const std::string prefix = take(reader, kNpyPrefixSize, name);
  const std::string length_bytes = take(reader, npy_length_size(prefix, name), name);
  uint32_t length = 0;
  std::ranges::copy(length_bytes, reinterpret_cast<char*>(&length));
  NpyHeader header = parse_npy_header(take(reader, length, name), name);
  if (const auto size = static_cast<uint64_t>(header.num_bytes); size != reader.left()) {
    throw FileFlaw(fmt::format("has an array {} of {} bytes whose shape ({}) needs {}",
                               in_quotes(name), reader.left(), fmt::join(header.shape, ", "),
                               size));
  }
  return header;
}

void swap_bytes(char* data, int64_t num_bytes, int part_size) {
  for (int64_t at = 0; at < num_bytes; at += part_size)
    std::reverse(data + at, data + at + part_size);
}

// Deflated or swapped data: into memory of its own.
at::Tensor read_copy(ZipMemberReader& reader, const NpyHeader& header, at::IntArrayRef shape) {
  const bool is_bool = header.type.type == at::kBool;  // not every byte is one
  at::Tensor tensor = at::empty(shape, is_bool ? at::kByte : header.type.type);
  auto* data = static_cast<char*>(tensor.mutable_data_ptr());
  reader.read(data, reader.left());
  reader.finish();
  if (header.is_big_endian) swap_bytes(data, header.num_bytes, header.type.part_size);
  return is_bool ? tensor.ne(0) : tensor;
}

std::vector<int64_t> reversed_axes(int64_t num_axes) {
  std::vector<int64_t> axes;
  for (int64_t axis = num_axes - 1; axis >= 0; --axis) axes.push_back(axis);
  return axes;
}

at::Tensor read_array(const ZipArchive& archive, const ZipMember& member, const std::string& name) {
  ZipMemberReader reader(member);
  const NpyHeader header = read_header(reader, name);
  std::vector<int64_t> shape = header.shape;
  if (header.is_fortran_order) std::ranges::reverse(shape);
  at::Tensor tensor;
  if (member.is_deflated || header.is_big_endian) {
    tensor = read_copy(reader, header, shape);
  } else {
    const std::string_view bytes = reader.rest();
    reader.finish();
    tensor = mapped_tensor(archive.file(), bytes, header.type.type, shape);
    archive.file()->forget(bytes);
  }
  return header.is_fortran_order ? tensor.permute(reversed_axes(tensor.dim())) : tensor;
}

}  // namespace

NamedTensors read_npz(const std::filesystem::path& path) {
  const auto file = map_weights(path);
  file->will_be_read_in_order();
  try {
    const ZipArchive archive(file);
    NamedTensors tensors;
    for (const ZipMember& member : archive.members()) {
      if (!member.name.ends_with(kSuffix)) continue;
      std::string name = member.name.substr(0, member.name.size() - kSuffix.size());
      at::Tensor tensor = read_array(archive, member, name);
      tensors.push_back({std::move(name), std::move(tensor)});
    }
    return tensors;
  } catch (const FileFlaw& flaw) {
    throw unusable(path, flaw, "NumPy archive");
  }
}

}  // namespace vit
