// Amounts of memory as people write them.
#pragma once

#include <cstdint>
#include <string_view>

namespace vit {

// Reads "8 GiB", "500MB", "1.5 TiB", "4096", "64k": units of 1024 with an i or as a single letter,
// of 1000 without, in any case. Throws std::invalid_argument with words for the user when the text
// is none of these, or more than 63 bits hold.
int64_t parse_bytes(std::string_view text);

}  // namespace vit
