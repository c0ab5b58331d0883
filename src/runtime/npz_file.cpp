#include "vit/runtime/npz_file.hpp"

#include "archive_format.hpp"
#include "file_flaw.hpp"
#include "mapped_storage.hpp"
#include "npy_header.hpp"
#include "zip_archive.hpp"
#include "zip_tensor.hpp"

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

// Of an array in the other byte order; such arrays are rare.
at::Tensor swapped(const at::Tensor& tensor, int part_size) {
  at::Tensor copy = tensor.clone();
  auto* data = static_cast<char*>(copy.mutable_data_ptr());
  for (size_t at = 0; at < copy.nbytes(); at += static_cast<size_t>(part_size))
    std::reverse(data + at, data + at + part_size);
  return copy;
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
  at::Tensor tensor = read_tensor(archive, reader, header.type.type, shape);
  if (header.is_big_endian) tensor = swapped(tensor, header.type.part_size);
  return header.is_fortran_order ? tensor.permute(reversed_axes(tensor.dim())) : tensor;
}

}  // namespace

NamedTensors read_npz(const std::filesystem::path& path) {
  const auto file = map_weights(path);
  try {
    expect_format(file, ArchiveFormat::kNpz);
    const ZipArchive archive(file);
    NamedTensors tensors;
    for (const ZipMember& member : archive.members()) {
      if (!member.name.ends_with(kSuffix)) continue;
      std::string name(member.name.substr(0, member.name.size() - kSuffix.size()));
      at::Tensor tensor = read_array(archive, member, name);
      tensors.push_back({std::move(name), std::move(tensor)});
    }
    return tensors;
  } catch (const FileFlaw& flaw) {
    throw unusable(path, flaw, "NumPy archive");
  }
}

}  // namespace vit
