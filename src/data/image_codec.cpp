#include "vit/data/image_codec.hpp"

#include "vit/core/error.hpp"

#include "exif.hpp"
#include "jpeg.hpp"
#include "picture_error.hpp"
#include "png.hpp"
#include "webp.hpp"

#include <png.h>

#include <algorithm>
#include <string>

namespace vit {

namespace detail {

void picture_failed(const std::string& name, const std::string& problem) {
  throw UnreadablePicture(
      "picture '" + name + "' cannot be read: " + problem +
      "\nreplace or remove the file, or pass over such pictures with data.on_error: skip");
}

void check_picture_size(const std::string& name, int64_t height, int64_t width) {
  if (height <= 0 || width <= 0) picture_failed(name, "it has no pixels");
  if (height > kMaxPicturePixels / width) {
    picture_failed(name, "it claims " + std::to_string(width) + "x" + std::to_string(height) +
                             " pixels, more than " + std::to_string(kMaxPicturePixels) +
                             " are not decoded");
  }
}

}  // namespace detail

namespace {

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) {
    return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\r' || c == '\t';
  });
}

// What bytes of no format that is read are likely to be.
std::string guess(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.empty()) return "the file is empty";
  const std::string_view head = bytes.substr(0, 64);
  const std::string_view brand = head.size() >= 12 ? head.substr(4, 8) : ""sv;
  const auto is_a = [](const char* format) {
    return std::string("it is a ") + format + " picture; JPEG, PNG and WebP are read";
  };
  if (head.starts_with("GIF8")) return is_a("GIF");
  if (head.starts_with("BM") && !is_text(head)) return is_a("BMP");
  if (head.starts_with("II*\0"sv) || head.starts_with("MM\0*"sv)) return is_a("TIFF");
  if (brand.starts_with("ftypavi")) return is_a("AVIF");
  if (brand.starts_with("ftyphei") || brand.starts_with("ftypmif")) return is_a("HEIF");
  if (head.starts_with("\0\0\0\x0cjP"sv)) return is_a("JPEG 2000");
  if (head.starts_with("\xff\x0a") || head.starts_with("\0\0\0\x0cJXL"sv)) return is_a("JPEG XL");
  if (head.starts_with("PK\x03\x04")) return "it is a zip archive; unpack it";
  if (head.starts_with("\x1f\x8b")) return "it is gzip data; unpack it";
  if (all_zero(bytes))
    return "it holds " + std::to_string(bytes.size()) + " zero bytes; was a download broken off?";
  if (head.starts_with("<") && is_text(head))
    return "it is a text (HTML or XML); did a download fail?";
  if (is_text(head)) return "it is a text";
  return "it is neither JPEG, PNG nor WebP (the content decides, not the name)";
}

}  // namespace

namespace detail {

std::unique_ptr<PictureDecoder> open_picture(std::string_view bytes, const std::string& name) {
  if (looks_like_jpeg(bytes)) return open_jpeg(bytes, name);
  if (looks_like_png(bytes)) return open_png(bytes, name);
  if (looks_like_webp(bytes)) return open_webp(bytes, name);
  picture_failed(name, guess(bytes));
}

Image decode_whole(PictureDecoder& decoder) {
  const Extent size = decoder.extent();
  PixelBuffer buffer;
  const Pixels pixels = decoder.decode({0, 0, size.height, size.width}, 1, buffer).pixels;
  Image image(size.height, size.width, 3);
  std::copy_n(pixels.data, image.pixels.size(), image.pixels.data());
  return image;
}

}  // namespace detail

Image decode_image(std::string_view bytes, const std::string& name, Orientation orientation) {
  Image image = detail::decode_whole(*detail::open_picture(bytes, name));
  if (orientation == Orientation::kIgnore) return image;
  return detail::upright(image, detail::exif_orientation(bytes));
}

std::string encode_png(const Image& image) {
  VIT_CHECK(image.channels == 1 || image.channels == 3, "a PNG is written with 1 or 3 channels");
  VIT_CHECK(image.extent().is_set(), "a PNG needs pixels");
  png_image target{};
  target.version = PNG_IMAGE_VERSION;
  target.width = static_cast<png_uint_32>(image.width);
  target.height = static_cast<png_uint_32>(image.height);
  target.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;

  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(target);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&target, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) ==
      0) {
    throw DataError(std::string("a PNG could not be written: ") + target.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace vit
