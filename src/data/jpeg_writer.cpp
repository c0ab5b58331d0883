#include "vit/core/error.hpp"
#include "vit/data/image_codec.hpp"

#include "libjpeg.hpp"

#include <csetjmp>
#include <cstdlib>

namespace vit {
namespace {

struct Escape : jpeg_error_mgr {
  std::jmp_buf place;
};

// False when the library gave up. Holds nothing that needs a destructor.
bool compress(const Image& image, int quality, unsigned char** bytes, unsigned long* size) {
  jpeg_compress_struct info{};
  Escape errors{};
  info.err = jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr failed) {
    std::longjmp(static_cast<Escape*>(failed->err)->place, 1);
  };
  if (setjmp(errors.place) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, bytes, size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = static_cast<int>(image.channels);
  info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (quality >= 90) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(info.next_scanline));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

std::string encode_jpeg(const Image& image, int quality) {
  VIT_CHECK(image.channels == 1 || image.channels == 3, "a JPEG is written with 1 or 3 channels");
  VIT_CHECK(image.extent().is_set(), "a JPEG needs pixels");
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool done = compress(image, quality, &bytes, &size);
  const std::string jpeg(reinterpret_cast<const char*>(bytes), done ? size : 0);
  std::free(bytes);
  if (!done) throw DataError("a picture could not be written as JPEG");
  return jpeg;
}

}  // namespace vit
