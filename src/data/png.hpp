// PNG bytes -> RGB through libpng: palettes expanded, gray spread over three channels, alpha
// dropped, 16 bits cut to the high byte, every checksum verified, chunks that carry no pixels
// skipped unread. Private to the data library.
#pragma once

#include "vit/data/image.hpp"

#include <string>
#include <string_view>

namespace vit::detail {

bool looks_like_png(std::string_view bytes);

// Throws DataError naming the picture.
Image decode_png(std::string_view bytes, const std::string& name);

}  // namespace vit::detail
