// The pictures of one split of an image folder: class by class in label order, names in byte order.
// Names lie in one string, so that a million of them cost little.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vit {

class ImageList {
 public:
  int64_t size() const { return static_cast<int64_t>(labels_.size()); }
  int64_t label(int64_t index) const { return labels_.at(static_cast<size_t>(index)); }
  std::string_view name(int64_t index) const;  // relative to the split's folder: "cat/1.jpg"

  void add(std::string_view name, int64_t label);

 private:
  std::string names_;
  std::vector<size_t> ends_;
  std::vector<int32_t> labels_;
};

// jpg, jpeg, png and webp in any case.
bool is_image_name(std::string_view name);

// Sub-folders in byte order, without hidden ones; links are followed.
std::vector<std::string> folders_in(const std::filesystem::path& folder);

// True when a picture lies directly in `folder`.
bool has_images(const std::filesystem::path& folder);

// Throws the DataError of a class that training does not have.
[[noreturn]] void unknown_class(const std::filesystem::path& class_folder,
                                const std::vector<std::string>& classes);

// All pictures below folder/<class>, for each of classes that exists. Files that are no pictures
// are passed over with one warning for all. Throws DataError for a class folder without pictures
// and for a folder that is none of the classes.
ImageList list_images(const std::filesystem::path& folder, const std::vector<std::string>& classes);

// Adds all pictures in `folder` and below it, called by their paths and without labels; returns how
// many there are.
int64_t add_images_below(const std::filesystem::path& folder, ImageList& list);

}  // namespace vit
