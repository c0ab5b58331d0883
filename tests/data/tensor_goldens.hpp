// 8-bit pictures of a safetensors file, read without LibTorch: what reference outputs of the
// augmentations are kept in.
#pragma once

#include "vit/core/files.hpp"
#include "vit/data/image.hpp"

#include "picture_goldens.hpp"

#include <cstring>

namespace vit::test {

class PictureTensors {
 public:
  explicit PictureTensors(const std::string& file) : bytes_(read_text(golden_dir() / file)) {
    uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), sizeof length);
    header_ = Json::parse(bytes_.substr(8, length));
    data_ = 8 + length;
  }

  Json metadata() const {
    return Json::parse(header_.at("__metadata__").at("json").get<std::string>());
  }

  // A uint8 [H, W, C] tensor.
  Image image(const std::string& name) const {
    const Json& tensor = header_.at(name);
    if (tensor.at("dtype") != "U8") throw std::runtime_error(name + " is not of 8 bits");
    const std::vector<int64_t> shape = tensor.at("shape");
    Image image(shape.at(0), shape.at(1), shape.at(2));
    const size_t begin = tensor.at("data_offsets").at(0);
    std::memcpy(image.pixels.data(), bytes_.data() + data_ + begin, image.pixels.size());
    return image;
  }

 private:
  std::string bytes_;
  Json header_;
  size_t data_ = 0;
};

}  // namespace vit::test
