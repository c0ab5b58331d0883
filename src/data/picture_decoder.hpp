// An encoded picture that has been opened: its size is known, its pixels are not decoded yet.
// Private to the data library.
#pragma once

#include "vit/data/resample.hpp"

#include "resample_kernels.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vit::detail {

// Memory that is used again from picture to picture, and a little more of it than is asked for.
class PixelBuffer {
 public:
  uint8_t* get(int64_t bytes) {
    if (static_cast<int64_t>(memory_.size()) < bytes + kSlack)
      memory_.resize(static_cast<size_t>(bytes + kSlack));
    return memory_.data();
  }
  const uint8_t* end() const { return memory_.data() + memory_.size(); }
  // Lets go of what only an unusually large picture needed.
  void trim() {
    if (memory_.size() > kKept) memory_ = {};
  }

 private:
  static constexpr int64_t kSlack = 64;      // kernels read whole vectors
  static constexpr size_t kKept = 64 << 20;  // bytes
  std::vector<uint8_t> memory_;
};

// RGB pixels of a picture, or of the part of it at `origin`; at `reduction` 2, 4 or 8 each stands
// for a square of so many, and the origin counts in them.
struct Decoded {
  Pixels pixels;
  int64_t top = 0, left = 0;
  int64_t reduction = 1;
};

class PictureDecoder {
 public:
  virtual ~PictureDecoder() = default;
  virtual Extent extent() const = 0;

  // At least the pixels in `part`, exactly as if all were decoded, or with a reduction of at most
  // `reduction`, which is up to the format. The result lives in `buffer`. To be called once.
  // Throws UnreadablePicture; damage outside of the part may go unnoticed.
  virtual Decoded decode(const Box& part, int64_t reduction, PixelBuffer& buffer) = 0;
};

// Tells the format by the content, and refuses other formats and what is too large with an
// UnreadablePicture. The bytes must outlive the decoder.
std::unique_ptr<PictureDecoder> open_picture(std::string_view bytes, const std::string& name);

// Pixels of a whole picture as an Image.
Image decode_whole(PictureDecoder& decoder);

}  // namespace vit::detail
