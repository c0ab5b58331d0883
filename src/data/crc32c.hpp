// CRC-32C (Castagnoli), which TFRecord files carry; with the processor's own instruction where
// there is one. Private to the data library.
#pragma once

#include <cstdint>
#include <string_view>

namespace vit::detail {

uint32_t crc32c(std::string_view bytes);
uint32_t crc32c_by_table(std::string_view bytes);  // the reference, and the way without SSE 4.2

// As TFRecord stores it: rotated and shifted, so that a checksum of checksums is sound.
constexpr uint32_t masked_crc(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }

}  // namespace vit::detail
