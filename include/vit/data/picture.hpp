// A picture as a data set hands it out: encoded bytes that nobody has decoded yet, or raw pixels.
// What is decoded of it, and at which size, is decided later, when the augmentation is known.
#pragma once

#include "vit/data/image.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace vit {

struct Picture {
  std::string name;        // what errors call it
  std::string_view bytes;  // encoded; the content tells the format. Unused when there are pixels.
  Image pixels;            // raw
  std::shared_ptr<const void> owner;  // of what `bytes` points to, if somebody has to keep it

  bool is_encoded() const { return pixels.pixels.empty(); }
};

// A picture that owns its bytes.
Picture encoded_picture(std::string name, std::string bytes);

Picture raw_picture(std::string name, Image pixels);

// The file's bytes, copied: a file may shrink or vanish while a run goes on, and reading a mapped
// one would then end the process. Throws DataError naming the path, also for absurd sizes.
Picture read_picture(const std::filesystem::path& path);

// All pixels: decode_image (image_codec.hpp), or the raw ones.
Image decode(const Picture& picture);

}  // namespace vit
