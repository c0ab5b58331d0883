#include "jpeg.hpp"

#include "vit/core/error.hpp"

#include "picture_error.hpp"

#include <turbojpeg.h>

#include <memory>
#include <type_traits>
#include <vector>

namespace vit::detail {
namespace {

struct CloseHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<std::remove_pointer_t<tjhandle>, CloseHandle>;

struct Header {
  int height = 0, width = 0;
  int colour_space = -1;
  bool is_cmyk() const { return colour_space == TJCS_CMYK || colour_space == TJCS_YCCK; }
};

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

[[noreturn]] void damaged(const std::string& name, const std::string& reason) {
  picture_failed(name, "the JPEG data are damaged or incomplete (" + reason + ")");
}

Header read_header(tjhandle handle, std::string_view bytes, const std::string& name) {
  Header header;
  int subsampling = -1;
  tjDecompressHeader3(handle, data_of(bytes), bytes.size(), &header.width, &header.height,
                      &subsampling, &header.colour_space);
  // The call also fails for ratios of colour resolution it has no name for; such pictures decode
  // well.
  if (header.width <= 0 || header.height <= 0) damaged(name, tjGetErrorStr2(handle));
  if (header.colour_space < 0) picture_failed(name, "its colours are neither gray, RGB nor CMYK");
  return header;
}

// Warnings after which every pixel is still the encoder's: stray bytes between segments, unusual
// headers. They are known by their words, the only thing the library hands out.
bool is_harmless(std::string_view warning) {
  for (const char* words :
       {"extraneous bytes before marker", "Invalid SOS parameters", "Unknown Adobe color transform",
        "unknown JFIF revision", "bad ICC marker"}) {
    if (warning.find(words) != std::string_view::npos) return true;
  }
  return false;
}

void decode_pixels(tjhandle handle, std::string_view bytes, const Header& header,
                   unsigned char* pixels, const std::string& name) {
  const int format = header.is_cmyk() ? TJPF_CMYK : TJPF_RGB;
  const auto decode = [&](int flags) {
    return tjDecompress2(handle, data_of(bytes), bytes.size(), pixels, header.width, 0,
                         header.height, format,
                         TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS | flags) == 0;
  };
  if (decode(TJFLAG_STOPONWARNING)) return;
  // Of warnings only the first is reported. Where it is harmless, go on for what Pillow would find:
  // an error, whose text replaces the warning's, or a missing end.
  const std::string first = tjGetErrorStr2(handle);
  if (!is_harmless(first)) damaged(name, first);
  if (!decode(0) && tjGetErrorStr2(handle) != first) damaged(name, tjGetErrorStr2(handle));
  if (bytes.find("\xff\xd9") == std::string_view::npos) damaged(name, "no end marker");
}

// round(a * b / 255) for bytes.
int scaled(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Adobe's convention, which Pillow assumes for every CMYK file: ink is stored inverted, so 255 is
// none.
void cmyk_to_rgb(const std::vector<unsigned char>& cmyk, Image& image) {
  const unsigned char* ink = cmyk.data();
  for (size_t i = 0; i < image.pixels.size(); i += 3, ink += 4) {
    const int light = ink[3];  // 255 - black
    for (size_t c = 0; c < 3; ++c)
      image.pixels[i + c] = static_cast<uint8_t>(light - scaled(255 - ink[c], light));
  }
}

}  // namespace

bool looks_like_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

Image decode_jpeg(std::string_view bytes, const std::string& name) {
  const Handle handle(tjInitDecompress());
  VIT_CHECK(handle != nullptr, "the JPEG library starts");
  const Header header = read_header(handle.get(), bytes, name);
  check_picture_size(name, header.height, header.width);

  Image image(header.height, header.width, 3);
  if (header.is_cmyk()) {
    std::vector<unsigned char> cmyk(static_cast<size_t>(image.extent().area()) * 4);
    decode_pixels(handle.get(), bytes, header, cmyk.data(), name);
    cmyk_to_rgb(cmyk, image);
  } else {
    decode_pixels(handle.get(), bytes, header, image.pixels.data(), name);
  }
  return image;
}

}  // namespace vit::detail
