// safetensors files: 8 bytes of header length, a JSON header, raw little-endian data.
//
// The reader is strict, as the reference implementation is: header of at most 100 MB, no duplicate
// keys, known dtypes, shapes that match their byte ranges, ranges that cover the data exactly
// without holes or overlaps. It maps the file, so opening is cheap whatever the size, and a tensor
// keeps the map alive. A broken file throws CheckpointError naming the file and the flaw.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vit {

class TensorFile {
 public:
  explicit TensorFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const;
  const std::map<std::string, std::string>& metadata() const;  // `__metadata__`
  std::vector<std::string> names() const;                      // in the order of their data
  bool contains(const std::string& name) const;

  // Reads without copying: do not write to the result; clone() it to keep it beyond the file's life
  // on disk. Throws CheckpointError when there is no such tensor.
  at::Tensor tensor(const std::string& name) const;
  NamedTensors tensors() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// Writes all tensors (any device, made contiguous) and metadata; the header is padded so that data
// start 64-byte aligned, as the reference writer does for 8. Names must be unique. The file is
// flushed to the disk. On failure (a full disk, say) the partial file is removed and
// CheckpointError says why.
void write_tensor_file(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace vit
