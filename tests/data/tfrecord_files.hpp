// TFRecords of tf.train.Example, written by the tests themselves.
#pragma once

#include "data/crc32c.hpp"

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace vit::test {

inline std::string little_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string with_crc(const std::string& bytes) {
  return bytes + little_endian(detail::masked_crc(detail::crc32c(bytes)), 4);
}

inline std::string record(const std::string& data) {
  return with_crc(little_endian(data.size(), 8)) + with_crc(data);
}

inline std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}

inline std::string field(int number, const std::string& bytes) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(bytes.size()) + bytes;
}

inline std::string feature(const std::string& key, const std::string& value) {
  return field(1, field(1, key) + field(2, value));
}
inline std::string bytes_feature(const std::string& key, const std::string& bytes) {
  return feature(key, field(1, field(1, bytes)));
}
inline std::string packed_feature(const std::string& key, int64_t value) {
  return feature(key, field(3, field(1, varint(static_cast<uint64_t>(value)))));
}
inline std::string plain_feature(const std::string& key, int64_t value) {
  return feature(key, field(3, varint(1 << 3) + varint(static_cast<uint64_t>(value))));
}

// Lists, packed as TensorFlow writes them.
inline std::string integers_feature(const std::string& key, const std::vector<int64_t>& values) {
  std::string packed;
  for (const int64_t value : values) packed += varint(static_cast<uint64_t>(value));
  return feature(key, field(3, values.empty() ? "" : field(1, packed)));
}
inline std::string floats_feature(const std::string& key, const std::vector<float>& values) {
  std::string packed;
  for (const float value : values) packed += little_endian(std::bit_cast<uint32_t>(value), 4);
  return feature(key, field(2, values.empty() ? "" : field(1, packed)));
}

inline std::string example(const std::string& features) { return record(field(1, features)); }

}  // namespace vit::test
