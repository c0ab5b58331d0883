// Data sets of a few pixels, written by the tests themselves, and what opens them.
#pragma once

#include "vit/config/document.hpp"
#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/data/dataset.hpp"
#include "vit/data/image_codec.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace vit::test {

struct DataFile {
  DataSection data;
  static constexpr auto describe() { return std::tuple{config::field<&DataFile::data>("Data.")}; }
};

// Reads a `data` section written in YAML.
inline DataSection data_section(const std::string& yaml) {
  return config::read<DataFile>(config::Document::from_text("data: " + yaml, "test.yaml", "/"))
      .data;
}

inline std::unique_ptr<DataSource> open_source(const std::string& name,
                                               const std::filesystem::path& root,
                                               const std::string& more = "") {
  return data_section("{name: " + name + ", root: '" + root.string() + "'" + more + "}").build();
}

inline void write_file(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

// The text of the error of type E that `action` throws; fails the test's expectation by returning
// "" when there is none.
template <class E = DataError, class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

inline std::string big_endian(uint32_t n) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift & 255);
  return bytes;
}

// An IDX file of bytes.
inline std::string idx(const std::vector<uint32_t>& sizes, const std::string& bytes) {
  std::string file{0, 0, 8, static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) file += big_endian(size);
  return file + bytes;
}

// n pictures of 2 x 3 pixels; picture i has the pixels 6 i, 6 i + 1, ..
inline std::string idx_images(uint32_t n) {
  std::string pixels;
  for (uint32_t i = 0; i < n * 6; ++i) pixels += static_cast<char>(i);
  return idx({n, 2, 3}, pixels);
}

// Labels 0, 1, 2, 0, 1, ..
inline std::string idx_labels(uint32_t n) {
  std::string labels;
  for (uint32_t i = 0; i < n; ++i) labels += static_cast<char>(i % 3);
  return idx({n}, labels);
}

// One CIFAR record: label bytes, then red, green and blue planes where pixel k has value + k, value
// + 50 + k, value + 100 + k.
inline std::string cifar_record(const std::string& labels, int value) {
  std::string record = labels;
  for (int plane = 0; plane < 3; ++plane) {
    for (int k = 0; k < 1024; ++k) record += static_cast<char>(value + 50 * plane + k);
  }
  return record;
}

// A PNG of one colour.
inline std::string png(int64_t height, int64_t width, uint8_t red, uint8_t green = 0,
                       uint8_t blue = 0) {
  Image image(height, width, 3);
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    image.pixels[i] = red;
    image.pixels[i + 1] = green;
    image.pixels[i + 2] = blue;
  }
  return encode_png(image);
}

}  // namespace vit::test
