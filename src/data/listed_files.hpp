// Files of pictures below a folder, with labels. Private to the data library.
#pragma once

#include "vit/data/dataset.hpp"

#include "datasets/image_list.hpp"
#include "file_version.hpp"

#include <filesystem>
#include <utility>

namespace vit::detail {

class ListedFiles final : public Dataset {
 public:
  ListedFiles(std::filesystem::path folder, ImageList files)
      : folder_(std::move(folder)), files_(std::move(files)) {}

  int64_t size() const override { return files_.size(); }
  int64_t label(int64_t index) const override { return files_.label(index); }
  std::string name(int64_t index) const override { return std::string(files_.name(index)); }
  Picture picture(int64_t index) const override { return read_picture(folder_ / name(index)); }
  std::string place(int64_t index) const override { return (folder_ / name(index)).string(); }
  std::string version(int64_t index) const override { return file_version(place(index)); }

 private:
  std::filesystem::path folder_;
  ImageList files_;
};

}  // namespace vit::detail
