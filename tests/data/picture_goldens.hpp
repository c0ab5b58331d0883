// The reference pictures of tests/golden/images: entries of index.json (source file, operation,
// parameters, digest of the resulting RGB bytes and often the result itself as PNG), and the
// comparison with them.
#pragma once

#include "vit/core/files.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/data/resample.hpp"

#include "support/golden.hpp"
#include "support/sha256.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vit::test {

using Json = nlohmann::json;

inline std::string source_bytes(const std::string& file) {
  return read_text(golden_dir() / "images/src" / file);
}
inline Image source_image(const std::string& file) {
  return decode_image(source_bytes(file), file);
}

inline bool is_readable_format(const std::string& file) {
  return !file.ends_with(".gif") && !file.ends_with(".bmp");
}

// Entries for one operation, those of formats we refuse left out (image_codec_test counts them).
inline std::vector<Json> picture_entries(const std::string& operation) {
  std::vector<Json> found;
  const Json index = Json::parse(read_text(golden_dir() / "images/index.json"));
  for (const Json& entry : index.at("entries")) {
    if (entry.at("op") == operation && is_readable_format(entry.at("source")))
      found.push_back(entry);
  }
  return found;
}

inline Interpolation interpolation_of(const Json& entry) {
  const std::string filter = entry.at("params").at("filter");
  for (auto [name, value] : enum_names(Interpolation{})) {
    if (filter == name) return value;
  }
  throw std::runtime_error("unknown filter " + filter);
}

inline int largest_difference(const Image& a, const Image& b) {
  if (a.extent() != b.extent() || a.channels != b.channels) return 256;
  int largest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

inline std::string rgb_digest(const Image& image) {
  return sha256({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

// Bit-equal, or, for reference pictures other than our own (made with other library versions, say),
// within `levels` of the stored result.
inline void expect_matches(const Json& entry, const Image& image, int levels) {
  SCOPED_TRACE(entry.dump());
  EXPECT_EQ(image.width, entry.at("width"));
  EXPECT_EQ(image.height, entry.at("height"));
  if (rgb_digest(image) == entry.at("sha256_rgb")) return;
  const bool other_goldens = std::getenv("VIT_GOLDEN_DIR") != nullptr;
  if (!other_goldens || !entry.contains("file")) {
    ADD_FAILURE() << "the pixels differ";
    return;
  }
  const std::string file = entry.at("file");
  EXPECT_LE(largest_difference(image, decode_image(read_text(golden_dir() / file), file)), levels);
}

// 3 x 2 pixels written by Pillow.
inline constexpr unsigned char kLosslessWebp[] = {
    0x52, 0x49, 0x46, 0x46, 0x50, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50, 0x38,
    0x4c, 0x44, 0x00, 0x00, 0x00, 0x2f, 0x02, 0x40, 0x00, 0x10, 0x2f, 0x40, 0x90, 0x6d, 0xb3,
    0xcc, 0x61, 0x5e, 0xf7, 0x77, 0xb9, 0x07, 0x99, 0xb4, 0x4d, 0xe9, 0x39, 0xff, 0x7a, 0x66,
    0xad, 0x8a, 0x1a, 0x10, 0x80, 0x1c, 0x15, 0xbc, 0xf5, 0x2f, 0x69, 0x14, 0xb6, 0x6d, 0x83,
    0x94, 0xf6, 0x35, 0x9d, 0xbe, 0x80, 0x83, 0xf8, 0xea, 0x7a, 0xeb, 0xd6, 0xdb, 0x03, 0x28,
    0x64, 0x1b, 0x01, 0x0e, 0xdd, 0x0b, 0x74, 0x0a, 0x17, 0xd1, 0xff, 0x18, 0x5e};

inline std::string lossless_webp() {
  return {reinterpret_cast<const char*>(kLosslessWebp), sizeof kLosslessWebp};
}

}  // namespace vit::test
