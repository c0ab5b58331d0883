#include "webp.hpp"

#include "picture_error.hpp"

#include <webp/decode.h>

namespace vit::detail {
namespace {

class WebpDecoder final : public PictureDecoder {
 public:
  WebpDecoder(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {
    if (is_cut_off()) damaged();
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data(), bytes_.size(), &features) != VP8_STATUS_OK) damaged();
    if (features.has_animation != 0)
      picture_failed(name_, "it is an animated WebP picture; still ones are read");
    extent_ = {features.height, features.width};
    check_picture_size(name_, extent_.height, extent_.width);
  }

  Extent extent() const override { return extent_; }

  // All of it, whatever the part: most WebP pictures are small, and the library's cropping changes
  // colours at the edges.
  Decoded decode(const Box&, int64_t, PixelBuffer& buffer) override {
    const int64_t stride = extent_.width * 3, size = extent_.height * stride;
    uint8_t* pixels = buffer.get(size);
    if (WebPDecodeRGBInto(data(), bytes_.size(), pixels, static_cast<size_t>(size),
                          static_cast<int>(stride)) == nullptr) {
      damaged();
    }
    return {{pixels, stride, extent_.height, extent_.width, 3, buffer.end()}, 0, 0, 1};
  }

 private:
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(bytes_.data()); }
  // The library fills up what is missing at the end of a lossy picture.
  bool is_cut_off() const {
    const uint8_t* size = data() + 4;
    const uint64_t claimed = uint64_t{size[3]} << 24 | size[2] << 16 | size[1] << 8 | size[0];
    return bytes_.size() < 8 + claimed;
  }
  [[noreturn]] void damaged() const {
    picture_failed(name_, "the WebP data are damaged or incomplete");
  }

  std::string_view bytes_;
  std::string name_;
  Extent extent_;
};

}  // namespace

bool looks_like_webp(std::string_view bytes) {
  return bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP";
}

std::unique_ptr<PictureDecoder> open_webp(std::string_view bytes, const std::string& name) {
  return std::make_unique<WebpDecoder>(bytes, name);
}

}  // namespace vit::detail
