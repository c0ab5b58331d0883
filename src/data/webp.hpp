// WebP bytes -> RGB through libwebp, lossy and lossless, alpha dropped. Private to the data
// library.
#pragma once

#include "picture_decoder.hpp"

namespace vit::detail {

bool looks_like_webp(std::string_view bytes);

// Animations are refused.
std::unique_ptr<PictureDecoder> open_webp(std::string_view bytes, const std::string& name);

}  // namespace vit::detail
