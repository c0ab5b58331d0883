// Any file of weights, recognised by what it contains; its name plays no part. Known are
// safetensors (tensor_file.hpp), .npz (npz_file.hpp) and PyTorch's zip files (state_dict_file.hpp);
// other kinds are named in the CheckpointError that refuses them, with the way to convert them.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace vit {

enum class ArchiveFormat { kSafetensors, kNpz, kPickle };
const char* format_name(ArchiveFormat format);  // "safetensors", "npz", "pth"

struct TensorArchive {
  ArchiveFormat format;
  NamedTensors tensors;                         // in the file's order; do not write to them
  std::map<std::string, std::string> metadata;  // of safetensors only
};

// Tensors are views of the mapped file where its layout allows it. To load with little memory, copy
// one, release_pages() (mapped_tensor.hpp), drop it.
TensorArchive read_tensor_archive(const std::filesystem::path& path);

}  // namespace vit
