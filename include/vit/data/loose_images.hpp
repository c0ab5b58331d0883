// Images without labels, for programs that look at whatever a user points at.
#pragma once

#include "vit/data/dataset.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vit {

// The images at these paths in their order: files, whatever their names, and all images below
// folders (jpg, jpeg, png, webp) in byte order. They are called by these paths; their labels are
// -1. Throws DataError for a path that is not there and for a folder without images.
std::unique_ptr<Dataset> open_images(const std::vector<std::filesystem::path>& paths);

// The `members` of a data set, which ascend.
std::unique_ptr<Dataset> subset(std::unique_ptr<Dataset> all, std::vector<int64_t> members);

// A data set in which an image that cannot be read is a black one of `size`, and noted; so the
// others are not lost. Images are decoded whole.
class ForgivingDataset final : public Dataset {
 public:
  ForgivingDataset(std::unique_ptr<Dataset> inner, Orientation orientation, Extent size);

  int64_t size() const override { return inner_->size(); }
  int64_t label(int64_t index) const override { return inner_->label(index); }
  std::string name(int64_t index) const override { return inner_->name(index); }
  Picture picture(int64_t index) const override;

  bool failed(int64_t index) const;  // whether picture(index) was noted
  // Throws DataError naming all that were, with the reasons.
  void require_all() const;

 private:
  std::unique_ptr<Dataset> inner_;
  Orientation orientation_;
  Extent size_;
  mutable std::mutex mutex_;
  mutable std::map<int64_t, std::string> failures_;  // under the mutex
};

}  // namespace vit
