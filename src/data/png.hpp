// PNG bytes -> RGB through libpng: palettes expanded, gray spread over three channels, alpha
// dropped, 16 bits cut to the high byte, every checksum verified, chunks that carry no pixels
// skipped unread. Private to the data library.
#pragma once

#include "picture_decoder.hpp"

namespace vit::detail {

bool looks_like_png(std::string_view bytes);

std::unique_ptr<PictureDecoder> open_png(std::string_view bytes, const std::string& name);

}  // namespace vit::detail
