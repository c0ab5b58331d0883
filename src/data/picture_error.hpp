// The errors a picture can cause, in one wording for all formats. Private to the data library.
#pragma once

#include <cstdint>
#include <string>

namespace vit::detail {

// Throws UnreadablePicture "picture 'NAME' cannot be read: PROBLEM", with the ways out below it.
[[noreturn]] void picture_failed(const std::string& name, const std::string& problem);

// Throws when an encoded picture has an absurd number of bytes. Call it before reading them.
void check_picture_bytes(const std::string& name, uint64_t bytes);

// Throws when the picture is empty or has more than kMaxPixels pixels. Call it before allocating.
void check_picture_size(const std::string& name, int64_t height, int64_t width);

}  // namespace vit::detail
