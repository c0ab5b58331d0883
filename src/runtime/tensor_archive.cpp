#include "vit/runtime/tensor_archive.hpp"

#include "vit/runtime/npz_file.hpp"
#include "vit/runtime/state_dict_file.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "archive_format.hpp"
#include "file_flaw.hpp"
#include "mapped_storage.hpp"

namespace vit {
namespace {

ArchiveFormat format_of(const std::filesystem::path& path) {
  try {
    return recognize_archive(map_weights(path));
  } catch (const FileFlaw& flaw) {
    throw unusable(path, flaw, "weights file");
  }
}

}  // namespace

const char* format_name(ArchiveFormat format) {
  switch (format) {
    case ArchiveFormat::kSafetensors:
      return "safetensors";
    case ArchiveFormat::kNpz:
      return "npz";
    case ArchiveFormat::kPickle:
      break;
  }
  return "pth";
}

TensorArchive read_tensor_archive(const std::filesystem::path& path) {
  const ArchiveFormat format = format_of(path);
  switch (format) {
    case ArchiveFormat::kNpz:
      return {format, read_npz(path), {}};
    case ArchiveFormat::kPickle:
      return {format, read_state_dict(path), {}};
    case ArchiveFormat::kSafetensors:
      break;
  }
  const TensorFile file(path);
  return {format, file.tensors(), file.metadata()};
}

}  // namespace vit
