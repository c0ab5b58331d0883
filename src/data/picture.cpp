#include "vit/data/picture.hpp"

#include "vit/core/files.hpp"
#include "vit/data/image_codec.hpp"

#include "picture_error.hpp"

#include <system_error>
#include <utility>

namespace vit {

Picture encoded_picture(std::string name, std::string bytes) {
  auto owned = std::make_shared<const std::string>(std::move(bytes));
  return {std::move(name), *owned, {}, owned};
}

Picture raw_picture(std::string name, Image pixels) {
  return {std::move(name), {}, std::move(pixels), nullptr};
}

Picture read_picture(const std::filesystem::path& path) {
  std::error_code unknown;  // reading it will tell
  const uintmax_t size = std::filesystem::file_size(path, unknown);
  if (!unknown) detail::check_picture_bytes(path.string(), size);
  return encoded_picture(path.string(), read_text(path));
}

void detail::check_picture_bytes(const std::string& name, uint64_t bytes) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 30;
  if (bytes <= kMostBytes) return;
  picture_failed(name, "the file has " + std::to_string(bytes) + " bytes, which is no picture");
}

Image decode(const Picture& picture) {
  return picture.is_encoded() ? decode_image(picture.bytes, picture.name) : picture.pixels;
}

}  // namespace vit
