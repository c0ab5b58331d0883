#include "jpeg.hpp"

#include "vit/core/error.hpp"

#include "libjpeg.hpp"
#include "picture_error.hpp"

#include <algorithm>
#include <csetjmp>

namespace vit::detail {
namespace {

// Beyond the part that is asked for, so that upsampling of colour finds the neighbours it would
// have had, whose values at the edge of what is decoded are made up.
constexpr int64_t kMargin = 2;
// A progressive picture of a few bytes can have its pixels refined without end.
constexpr int kMostScans = 500;

// Warnings after which every pixel is still the encoder's: stray bytes between segments, unusual
// headers.
bool is_harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_NOT_SEQUENTIAL || code == JWRN_ADOBE_XFORM ||
         code == JWRN_JFIF_MAJOR || code == JWRN_BOGUS_ICC;
}

// round(a * b / 255) for bytes.
int scaled(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Adobe's convention, which Pillow assumes for every CMYK file: ink is stored inverted, so 255 is
// none. In place: three bytes are written where four were read.
void cmyk_to_rgb(uint8_t* pixels, int64_t count) {
  const uint8_t* ink = pixels;
  for (int64_t i = 0; i < count; ++i, ink += 4, pixels += 3) {
    const int light = ink[3];  // 255 - black
    for (int c = 0; c < 3; ++c)
      pixels[c] = static_cast<uint8_t>(light - scaled(255 - ink[c], light));
  }
}

// Frees what the library holds, also when the rest of a constructor fails.
struct JpegState : jpeg_decompress_struct {
  JpegState() : jpeg_decompress_struct{} {}
  ~JpegState() { jpeg_destroy_decompress(this); }
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;
};

// What is decoded of a picture, in pixels of the reduced size.
struct Part {
  int64_t top = 0, left = 0, height = 0, width = 0;
  bool whole = false;
};

// The library leaves by longjmp on errors and on warnings that mean damage, to the step that was
// entered last. Steps hold nothing that needs a destructor.
class JpegDecoder final : public PictureDecoder {
 public:
  JpegDecoder(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    progress_.progress_monitor = on_progress;
    if (!read_header()) damaged();
    if (!has_known_colours()) picture_failed(name_, "its colours are neither gray, RGB nor CMYK");
    check_picture_size(name_, info_.image_height, info_.image_width);
  }

  Extent extent() const override { return {info_.image_height, info_.image_width}; }
  Decoded decode(const Box& part, int64_t reduction, PixelBuffer& buffer) override;

 private:
  static void on_error(j_common_ptr info);
  static void on_message(j_common_ptr info, int level);
  static void on_progress(j_common_ptr info);
  [[noreturn]] void damaged() const {
    picture_failed(name_,
                   std::string("the JPEG data are damaged or incomplete (") + message_ + ")");
  }

  bool has_known_colours() const {
    const J_COLOR_SPACE space = info_.jpeg_color_space;
    return space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB || is_cmyk();
  }
  bool is_cmyk() const {
    return info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
  }
  bool ends_properly() const;
  Part part_for(const Box& box) const;

  // The steps: each returns false when the library gave up; message_ then says why.
  bool read_header();
  bool start(int64_t reduction);
  bool choose_columns(Part& part);
  bool read_rows(const Part& part, uint8_t* pixels, int64_t stride);

  std::string_view bytes_;
  std::string name_;
  JpegState info_;
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf escape_{};
  char message_[JMSG_LENGTH_MAX] = "";
  size_t scan_start_ = 0;  // of the compressed data
};

void JpegDecoder::on_error(j_common_ptr info) {
  auto* decoder = static_cast<JpegDecoder*>(info->client_data);
  info->err->format_message(info, decoder->message_);
  std::longjmp(decoder->escape_, 1);
}

void JpegDecoder::on_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info->err->msg_code)) on_error(info);
}

void JpegDecoder::on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
  auto* decoder = static_cast<JpegDecoder*>(info->client_data);
  std::snprintf(decoder->message_, sizeof decoder->message_, "more than %d scans", kMostScans);
  std::longjmp(decoder->escape_, 1);
}

bool JpegDecoder::read_header() {
  if (setjmp(escape_) != 0) return false;
  jpeg_create_decompress(&info_);
  info_.progress = &progress_;
  jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
  jpeg_read_header(&info_, TRUE);
  scan_start_ = bytes_.size() - info_.src->bytes_in_buffer;
  return true;
}

bool JpegDecoder::start(int64_t reduction) {
  if (setjmp(escape_) != 0) return false;
  info_.scale_num = 1;
  info_.scale_denom = static_cast<unsigned>(reduction);
  info_.dct_method = JDCT_ISLOW;
  info_.do_fancy_upsampling = TRUE;
  info_.out_color_space = is_cmyk() ? JCS_CMYK : JCS_EXT_RGB;
  return jpeg_start_decompress(&info_) == TRUE;
}

// Columns are decoded from the start of a block; the part becomes what the library makes of it.
bool JpegDecoder::choose_columns(Part& part) {
  if (setjmp(escape_) != 0) return false;
  auto left = static_cast<JDIMENSION>(part.left), width = static_cast<JDIMENSION>(part.width);
  if (part.width < static_cast<int64_t>(info_.output_width))
    jpeg_crop_scanline(&info_, &left, &width);
  part.left = left;
  part.width = info_.output_width;
  return true;
}

bool JpegDecoder::read_rows(const Part& part, uint8_t* pixels, int64_t stride) {
  if (setjmp(escape_) != 0) return false;
  if (part.top > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(part.top));
  const int64_t end = part.top + part.height;
  while (info_.output_scanline < static_cast<JDIMENSION>(end)) {
    JSAMPROW row = pixels + (info_.output_scanline - part.top) * stride;
    jpeg_read_scanlines(&info_, &row, 1);
  }
  if (part.whole) jpeg_finish_decompress(&info_);
  return true;
}

// A file that was cut off has no end marker. Where only a part is decoded, nothing else would tell.
bool JpegDecoder::ends_properly() const {
  const size_t end = bytes_.rfind("\xff\xd9");
  return end != std::string_view::npos && end >= scan_start_;
}

Part JpegDecoder::part_for(const Box& box) const {
  const auto reduction = static_cast<int64_t>(info_.scale_denom);
  const int64_t height = info_.output_height, width = info_.output_width;
  const auto begin = [&](int64_t at) { return std::max<int64_t>(at / reduction - kMargin, 0); };
  const auto end = [&](int64_t at, int64_t most) {
    return std::min((at + reduction - 1) / reduction + kMargin, most);
  };
  Part part{begin(box.top), begin(box.left), 0, 0, false};
  part.height = end(box.top + box.height, height) - part.top;
  part.width = end(box.left + box.width, width) - part.left;
  part.whole = part.height == height;
  return part;
}

Decoded JpegDecoder::decode(const Box& box, int64_t reduction, PixelBuffer& buffer) {
  if (!start(reduction)) damaged();
  Part part = part_for(box);
  if (!choose_columns(part)) damaged();
  const int64_t stride = part.width * info_.output_components;
  uint8_t* pixels = buffer.get(part.height * stride);
  if (!read_rows(part, pixels, stride)) damaged();
  if (!ends_properly())
    picture_failed(name_, "the JPEG data are damaged or incomplete (no end marker)");
  if (is_cmyk()) cmyk_to_rgb(pixels, part.height * part.width);
  return {{pixels, part.width * 3, part.height, part.width, 3, buffer.end()},
          part.top,
          part.left,
          reduction};
}

}  // namespace

bool looks_like_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

std::unique_ptr<PictureDecoder> open_jpeg(std::string_view bytes, const std::string& name) {
  return std::make_unique<JpegDecoder>(bytes, name);
}

}  // namespace vit::detail
