// The header of a NumPy array file: magic, version, length, and a Python dictionary in text form of
// which nothing but the exact shape NumPy writes is understood.
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

struct NpyType {
  std::string_view code;  // without the byte order
  at::ScalarType type;
  int part_size;  // of what has a byte order: half of a complex number
};
inline constexpr std::array<NpyType, 15> kNpyTypes{{{"f4", at::ScalarType::Float, 4},
                                                    {"f8", at::ScalarType::Double, 8},
                                                    {"f2", at::ScalarType::Half, 2},
                                                    {"V2", at::ScalarType::BFloat16, 2},
                                                    {"i8", at::ScalarType::Long, 8},
                                                    {"i4", at::ScalarType::Int, 4},
                                                    {"i2", at::ScalarType::Short, 2},
                                                    {"i1", at::ScalarType::Char, 1},
                                                    {"u8", at::ScalarType::UInt64, 8},
                                                    {"u4", at::ScalarType::UInt32, 4},
                                                    {"u2", at::ScalarType::UInt16, 2},
                                                    {"u1", at::ScalarType::Byte, 1},
                                                    {"b1", at::ScalarType::Bool, 1},
                                                    {"c8", at::ScalarType::ComplexFloat, 4},
                                                    {"c16", at::ScalarType::ComplexDouble, 8}}};

struct NpyHeader {
  NpyType type;
  bool is_big_endian = false;
  bool is_fortran_order = false;
  std::vector<int64_t> shape;
  int64_t num_bytes = 0;  // of the data
};

// Magic and version.
inline constexpr size_t kNpyPrefixSize = 8;

// How many bytes after the prefix hold the length of the text. Throws FileFlaw.
size_t npy_length_size(std::string_view prefix, const std::string& name);

// `text` is what follows the length; `name` the array, for messages. Throws FileFlaw.
NpyHeader parse_npy_header(std::string_view text, const std::string& name);

// Prefix, length and text for an array in C order, padded to 64 bytes.
std::string npy_header(const NpyType& type, const std::vector<int64_t>& shape);

}  // namespace vit
