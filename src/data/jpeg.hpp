// JPEG bytes -> RGB through libjpeg-turbo (accurate integer DCT, fancy upsampling), so that pixels
// equal Pillow's. Private to the data library.
#pragma once

#include "vit/data/image.hpp"

#include <string>
#include <string_view>

namespace vit::detail {

bool looks_like_jpeg(std::string_view bytes);

// Throws DataError naming the picture. Warnings of the library that mean lost or invented pixels
// are errors; bytes after the end marker are ignored.
Image decode_jpeg(std::string_view bytes, const std::string& name);

}  // namespace vit::detail
