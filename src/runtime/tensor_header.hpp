// The JSON header of a safetensors file, parsed and checked without LibTorch.
//
// Everything the format promises is verified here, so that whoever holds a TensorHeader may index
// the file's data blindly.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

// One tensor as the header describes it. `begin` and `end` count bytes from the start of the data.
struct TensorEntry {
  std::string name;
  std::string dtype;  // "F32", ...: one of kTensorDtypes
  std::vector<int64_t> shape;
  int64_t begin = 0;
  int64_t end = 0;
};

struct TensorHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> entries;  // in the order of their data
  int64_t data_offset = 0;           // of the first data byte in the file
};

// Size in bytes of one element, 0 for a name that is no dtype we know.
int64_t dtype_size(std::string_view name);

// `file` is the content of the whole file. Throws FileFlaw.
TensorHeader parse_tensor_header(std::string_view file);

}  // namespace vit
