#include "png.hpp"

#include "vit/core/error.hpp"

#include "picture_error.hpp"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

namespace vit::detail {
namespace {

// libpng leaves by longjmp on errors, to the step function that was entered last. The step
// functions hold nothing that needs a destructor, so nothing is lost on the way.
struct Decoder {
  png_struct* png = nullptr;
  png_info* info = nullptr;
  const char* data = nullptr;
  size_t left = 0;
  std::jmp_buf escape{};
  char message[128] = "";

  Decoder() = default;
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

[[noreturn]] void on_error(png_struct* png, const char* text) {
  auto* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
  std::strncpy(decoder->message, text, sizeof decoder->message - 1);
  std::longjmp(decoder->escape, 1);
}

void ignore_warning(png_struct*, const char*) {}

void on_read(png_struct* png, unsigned char* target, size_t count) {
  auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder->left) png_error(png, "unexpected end of file");
  std::memcpy(target, decoder->data, count);
  decoder->data += count;
  decoder->left -= count;
}

// The steps: each returns false when libpng gave up; `message` then says why.

bool read_header(Decoder& decoder) {
  if (setjmp(decoder.escape) != 0) return false;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, on_error, ignore_warning);
  decoder.info = decoder.png == nullptr ? nullptr : png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) return false;
  png_set_read_fn(decoder.png, &decoder, on_read);
  png_set_crc_action(decoder.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_keep_unknown_chunks(decoder.png, PNG_HANDLE_CHUNK_NEVER, nullptr,
                              -1);  // text, profiles, ...
  png_read_info(decoder.png, decoder.info);
  return true;
}

// Asks for 8-bit RGB rows.
bool choose_output(Decoder& decoder) {
  if (setjmp(decoder.escape) != 0) return false;
  png_set_strip_16(decoder.png);
  png_set_palette_to_rgb(decoder.png);
  png_set_expand_gray_1_2_4_to_8(decoder.png);
  png_set_gray_to_rgb(decoder.png);
  png_set_strip_alpha(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool read_pixels(Decoder& decoder, unsigned char* pixels, size_t height, size_t stride) {
  if (setjmp(decoder.escape) != 0) return false;
  const int passes =
      png_get_interlace_type(decoder.png, decoder.info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
  for (int pass = 0; pass < passes; ++pass) {
    for (size_t y = 0; y < height; ++y) png_read_row(decoder.png, pixels + y * stride, nullptr);
  }
  png_read_end(decoder.png, nullptr);
  return true;
}

class PngDecoder final : public PictureDecoder {
 public:
  PngDecoder(std::string_view bytes, const std::string& name) : name_(name) {
    decoder_.data = bytes.data();
    decoder_.left = bytes.size();
    if (!read_header(decoder_)) damaged();
    extent_ = {png_get_image_height(decoder_.png, decoder_.info),
               png_get_image_width(decoder_.png, decoder_.info)};
    check_picture_size(name_, extent_.height, extent_.width);
  }

  Extent extent() const override { return extent_; }

  // All of it, whatever the part: rows depend on those above, and checksums on all.
  Decoded decode(const Box&, int64_t, PixelBuffer& buffer) override {
    if (!choose_output(decoder_)) damaged();
    const size_t stride = png_get_rowbytes(decoder_.png, decoder_.info);
    VIT_CHECK(stride == static_cast<size_t>(extent_.width) * 3, "unexpected PNG output");
    uint8_t* pixels = buffer.get(extent_.area() * 3);
    if (!read_pixels(decoder_, pixels, static_cast<size_t>(extent_.height), stride)) damaged();
    return {{pixels, extent_.width * 3, extent_.height, extent_.width, 3, buffer.end()}, 0, 0, 1};
  }

 private:
  [[noreturn]] void damaged() const {
    picture_failed(
        name_, std::string("the PNG data are damaged or incomplete (") + decoder_.message + ")");
  }

  Decoder decoder_;
  std::string name_;
  Extent extent_;
};

}  // namespace

bool looks_like_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

std::unique_ptr<PictureDecoder> open_png(std::string_view bytes, const std::string& name) {
  return std::make_unique<PngDecoder>(bytes, name);
}

}  // namespace vit::detail
