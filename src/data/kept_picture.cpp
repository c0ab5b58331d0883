#include "kept_picture.hpp"

#include "vit/data/resample.hpp"

#include "picture_error.hpp"

#include <algorithm>

namespace vit::detail {
namespace {

Image reduced(Image image, int64_t shorter) {
  if (std::min(image.height, image.width) <= shorter) return image;
  return resize(image, shorter_side_extent(image.extent(), shorter), Interpolation::kBicubic);
}

KeptPicture raw(const Image& image) {
  return {std::string(image.pixels.begin(), image.pixels.end()), image.height, image.width};
}

}  // namespace

KeptPicture keep_picture(const Picture& picture, const Keeping& keeping) {
  const bool is_encoded = picture.is_encoded();
  if (keeping.keep == Keep::kOriginal) {
    return is_encoded ? KeptPicture{std::string(picture.bytes), 0, 0} : raw(picture.pixels);
  }
  Image image =
      is_encoded ? decode_image(picture.bytes, picture.name, keeping.orientation) : picture.pixels;
  if (keeping.keep == Keep::kRaw) return raw(reduced(std::move(image), keeping.shorter));
  const bool is_small = std::min(image.height, image.width) <= keeping.shorter;
  if (is_encoded && is_small) return {std::string(picture.bytes), 0, 0};
  return {encode_jpeg(reduced(std::move(image), keeping.shorter), keeping.quality), 0, 0};
}

Picture picture_of(std::string name, std::string bytes, int64_t height, int64_t width) {
  if (height == 0) return encoded_picture(std::move(name), std::move(bytes));
  const int64_t area = height * width, size = std::ssize(bytes);
  if (area <= 0 || (size != area && size != 3 * area)) {
    picture_failed(name, "its record has a wrong length");
  }
  Image pixels;
  pixels.height = height;
  pixels.width = width;
  pixels.channels = size / area;
  pixels.pixels.assign(bytes.begin(), bytes.end());
  return raw_picture(std::move(name), std::move(pixels));
}

}  // namespace vit::detail
