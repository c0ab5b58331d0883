// A picture as vit-pack and the caches keep it: its bytes as they are, or made smaller once and for
// all. Private to the data library.
#pragma once

#include "vit/data/image_codec.hpp"
#include "vit/data/picture.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vit::detail {

// What is kept of a picture: what it came as; a JPEG of what is too large; plain pixels.
enum class Keep { kOriginal, kJpeg, kRaw };

constexpr auto enum_names(Keep) {
  return std::array{std::pair{"original", Keep::kOriginal}, std::pair{"jpeg", Keep::kJpeg},
                    std::pair{"raw", Keep::kRaw}};
}

struct Keeping {
  Keep keep = Keep::kOriginal;
  int64_t shorter = 0;  // with kJpeg and kRaw: larger pictures get this shorter side, in pixels
  int quality = 90;     // of JPEGs, 1 to 100
  Orientation orientation = Orientation::kIgnore;  // what is decoded is turned for good
};

struct KeptPicture {
  std::string bytes;              // encoded, or pixels (HWC)
  int64_t height = 0, width = 0;  // of plain pixels; 0: encoded
};

// Throws UnreadablePicture when the picture has to be decoded and cannot be.
KeptPicture keep_picture(const Picture& picture, const Keeping& keeping);

// The picture to read again, called `name`. Throws UnreadablePicture when the bytes do not fit the
// size.
Picture picture_of(std::string name, std::string bytes, int64_t height, int64_t width);

}  // namespace vit::detail
