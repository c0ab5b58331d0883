// JPEG bytes -> RGB through libjpeg-turbo (accurate integer DCT, fancy upsampling), so that pixels
// equal Pillow's; of a part only the blocks it touches. Private to the data library.
#pragma once

#include "picture_decoder.hpp"

namespace vit::detail {

bool looks_like_jpeg(std::string_view bytes);

// Warnings of the library that mean lost or invented pixels are errors; bytes after the end marker
// are ignored.
std::unique_ptr<PictureDecoder> open_jpeg(std::string_view bytes, const std::string& name);

}  // namespace vit::detail
