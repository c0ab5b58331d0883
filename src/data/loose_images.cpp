#include "vit/data/loose_images.hpp"

#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "datasets/datasets.hpp"
#include "listed_files.hpp"
#include "subset.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace vit {
namespace {

void add_path(const fs::path& path, ImageList& images) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    const bool is_absent = status.type() == fs::file_type::not_found;
    throw DataError(fmt::format("there is no image or folder '{}'{}\nnothing was done",
                                path.string(), is_absent ? "" : ": " + error.message()));
  }
  if (!fs::is_directory(status)) return images.add(path.string(), -1);
  if (add_images_below(path, images) > 0) return;
  throw DataError(
      fmt::format("folder '{0}' holds no images\n"
                  "looked for  {0}/**/*.{{jpg,jpeg,png,webp}}\n{1}",
                  path.string(), found_in(path)));
}

}  // namespace

std::unique_ptr<Dataset> open_images(const std::vector<fs::path>& paths) {
  ImageList images;
  for (const fs::path& path : paths) add_path(path, images);
  return std::make_unique<detail::ListedFiles>(fs::path(), std::move(images));
}

std::unique_ptr<Dataset> subset(std::unique_ptr<Dataset> all, std::vector<int64_t> members) {
  return std::make_unique<detail::Subset>(std::move(all), std::move(members));
}

ForgivingDataset::ForgivingDataset(std::unique_ptr<Dataset> inner, Orientation orientation,
                                   Extent size)
    : inner_(std::move(inner)), orientation_(orientation), size_(size) {}

Picture ForgivingDataset::picture(int64_t index) const {
  try {
    Picture picture = inner_->picture(index);
    if (!picture.is_encoded()) return picture;
    return raw_picture(picture.name, decode_image(picture.bytes, picture.name, orientation_));
  } catch (const DataError& error) {
    const std::lock_guard lock(mutex_);
    failures_[index] = error.what();
  }
  return raw_picture(inner_->name(index), Image(size_.height, size_.width, 3));
}

bool ForgivingDataset::failed(int64_t index) const {
  const std::lock_guard lock(mutex_);
  return failures_.contains(index);
}

void ForgivingDataset::require_all() const {
  const std::lock_guard lock(mutex_);
  if (failures_.empty()) return;
  std::string text = fmt::format("{} of {} image{} cannot be read", failures_.size(), size(),
                                 size() == 1 ? "" : "s");
  for (const auto& [index, reason] : failures_) text += "\n" + reason.substr(0, reason.find('\n'));
  throw DataError(text);
}

}  // namespace vit
