// One IDX file of bytes (the format of MNIST, described at the end of LeCun's MNIST page): 0 0 8 d,
// then d big-endian 32-bit sizes, then the bytes. Plain or gzip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace vit {

struct IdxFile {
  std::vector<int64_t> sizes;
  std::vector<uint8_t> bytes;  // product of sizes
};

// Throws DataError naming the file when it is not an IDX file of bytes with `dimensions`
// dimensions, when it is corrupt, and when it is shorter or longer than its header says.
IdxFile read_idx(const std::filesystem::path& path, size_t dimensions);

}  // namespace vit
