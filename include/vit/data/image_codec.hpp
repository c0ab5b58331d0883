// JPEG, PNG and WebP bytes <-> Image. The content decides the format, never a file's name.
//
// RGB pixels equal Pillow's convert("RGB"): JPEG with the accurate integer DCT and fancy
// upsampling, gray spread over three channels, naive CMYK, palettes expanded, alpha dropped, ICC
// profiles ignored, and EXIF orientation, too, unless it is asked for. One deliberate difference:
// 16-bit gray is scaled to 8 bits, where Pillow clips it to white.
#pragma once

#include "vit/core/error.hpp"
#include "vit/data/image.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vit {

// Larger pictures are refused before memory is allocated for them; Pillow's limit.
constexpr int64_t kMaxPicturePixels = 178'956'970;

// What is done with the orientation a camera noted: Pillow, torchvision and timm ignore it.
enum class Orientation { kIgnore, kApply };

constexpr auto enum_names(Orientation) {
  return std::array{std::pair{"ignore", Orientation::kIgnore},
                    std::pair{"apply", Orientation::kApply}};
}

// The bytes are at fault, as opposed to a picture that does not suit what is done with it.
// data.on_error: skip passes over such pictures.
struct UnreadablePicture : DataError {
  using DataError::DataError;
};

// Decodes to RGB. `name` is what errors call the picture (its file name). Throws UnreadablePicture
// for bytes of another format (it says what they look like: zero bytes, text, GIF, BMP, TIFF), for
// animations, for corrupt or truncated pictures (stricter than Pillow: a JPEG whose missing or
// broken data libjpeg would paint over is refused) and for pictures that are too large.
Image decode_image(std::string_view bytes, const std::string& name,
                   Orientation orientation = Orientation::kIgnore);

// Baseline JPEG of gray or RGB, quality 1 to 100; colours at half resolution below quality 90.
std::string encode_jpeg(const Image& image, int quality);

// 8-bit gray or RGB PNG.
std::string encode_png(const Image& image);

}  // namespace vit
