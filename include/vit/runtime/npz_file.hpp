// .npz files: zip archives of NumPy arrays, the container of the published Flax weights.
//
// Read is what numpy.savez and savez_compressed write: C and Fortran order, either byte order,
// every plain number type LibTorch has, and 2-byte voids, which are bfloat16. Members that are no
// .npy are passed over. Arrays of Python objects are refused, as nothing from a file is executed;
// so are duplicate names, wrong checksums and sizes that do not fit, before memory is reserved for
// them. Names are given as they are in the file, without ".npy". Errors are CheckpointError.
#pragma once

#include "vit/runtime/named_tensor.hpp"

#include <filesystem>

namespace vit {

// In the archive's order. Tensors are views of the mapped file where their bytes allow it: do not
// write to them.
NamedTensors read_npz(const std::filesystem::path& path);

// Uncompressed, in C order, with the data 64-byte aligned in the file; bfloat16 as "|V2". Tensors
// of any device, copied one at a time; names must be unique. Complete and on the disk, or absent.
void write_npz(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace vit
