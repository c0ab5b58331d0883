#include "exif.hpp"

#include <cstdint>
#include <cstring>
#include <optional>

namespace vit::detail {
namespace {

using std::string_view;
using namespace std::string_view_literals;

enum class Order { kBig, kLittle };

// An unsigned number of `size` bytes at `at`; none beyond the end.
std::optional<uint32_t> number(string_view bytes, size_t at, size_t size, Order order) {
  if (at > bytes.size() || bytes.size() - at < size) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    const size_t place = order == Order::kBig ? i : size - 1 - i;
    value = value << 8 | static_cast<uint8_t>(bytes[at + place]);
  }
  return value;
}

// The tag Orientation in the first directory of a TIFF block.
int orientation_in_tiff(string_view tiff) {
  constexpr uint32_t kTag = 0x0112, kShort = 3;
  const Order order = tiff.starts_with("II") ? Order::kLittle : Order::kBig;
  if (!tiff.starts_with("II*\0"sv) && !tiff.starts_with("MM\0*"sv)) return 1;
  const auto directory = number(tiff, 4, 4, order);
  if (!directory) return 1;
  const auto entries = number(tiff, *directory, 2, order);
  for (uint32_t i = 0; i < entries.value_or(0); ++i) {
    const size_t entry = size_t{*directory} + 2 + size_t{12} * i;
    const auto tag = number(tiff, entry, 2, order), type = number(tiff, entry + 2, 2, order);
    if (!tag || !type) return 1;
    if (*tag != kTag || *type != kShort) continue;
    const uint32_t value = number(tiff, entry + 8, 2, order).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

string_view without_prefix(string_view block) {
  constexpr string_view kPrefix = "Exif\0\0"sv;
  return block.starts_with(kPrefix) ? block.substr(kPrefix.size()) : block;
}

string_view exif_of_jpeg(string_view bytes) {
  size_t at = 2;
  while (true) {
    const auto marker = number(bytes, at, 2, Order::kBig),
               size = number(bytes, at + 2, 2, Order::kBig);
    if (!marker || !size || *marker < 0xff01 || *marker == 0xffda || *size < 2) return {};
    const string_view block = bytes.substr(at + 4, *size - 2);
    if (*marker == 0xffe1 && block.starts_with("Exif\0\0"sv)) return block;
    at += 2 + *size;
  }
}

// Chunks of a name, a size and content, in PNG (size first, checksum last) and RIFF.
string_view chunk_of_png(string_view bytes, string_view name) {
  size_t at = 8;
  while (const auto size = number(bytes, at, 4, Order::kBig)) {
    if (bytes.size() - at < 12 || bytes.size() - at - 12 < *size) return {};
    if (bytes.substr(at + 4, 4) == name) return bytes.substr(at + 8, *size);
    at += size_t{12} + *size;
  }
  return {};
}

string_view chunk_of_riff(string_view bytes, string_view name) {
  size_t at = 12;
  while (const auto size = number(bytes, at + 4, 4, Order::kLittle)) {
    if (bytes.size() - at - 8 < *size) return {};
    if (bytes.substr(at, 4) == name) return bytes.substr(at + 8, *size);
    at += size_t{8} + *size + *size % 2;
  }
  return {};
}

string_view exif_of(string_view bytes) {
  if (bytes.starts_with("\xff\xd8")) return exif_of_jpeg(bytes);
  if (bytes.starts_with("\x89PNG")) return chunk_of_png(bytes, "eXIf");
  if (bytes.starts_with("RIFF")) return chunk_of_riff(bytes, "EXIF");
  return {};
}

}  // namespace

int exif_orientation(string_view bytes) {
  return orientation_in_tiff(without_prefix(exif_of(bytes)));
}

Image upright(const Image& image, int orientation) {
  if (orientation == 1) return image;
  const bool swapped = swaps_sides(orientation);
  const int64_t height = image.height, width = image.width, channels = image.channels;
  Image result(swapped ? width : height, swapped ? height : width, channels);
  // Rows of the result run to the left or upwards through the picture for these.
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      const int64_t row = swapped ? x : y, column = swapped ? y : x;
      const uint8_t* pixel = image.row(from_bottom ? height - 1 - row : row) +
                             (from_right ? width - 1 - column : column) * channels;
      std::memcpy(result.row(y) + x * channels, pixel, static_cast<size_t>(channels));
    }
  }
  return result;
}

}  // namespace vit::detail
