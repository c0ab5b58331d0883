// Image folders: <root>/<split>/<class>/* or <root>/<class>/*. A class's label is its place among
// the sorted folder names of the training split.
#include "vit/core/error.hpp"

#include "../file_version.hpp"
#include "datasets.hpp"
#include "image_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace vit {

struct FolderConfig {
  std::filesystem::path root;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&FolderConfig::root>(
        "Folder of <split>/<class>/* or <class>/* images (jpg, jpeg, png, webp).", not_empty)};
  }
};

namespace {

class FolderDataset final : public Dataset {
 public:
  // `prefix` leads from the root to the split's folder: "train/" or "".
  FolderDataset(const fs::path& root, std::string prefix, const std::vector<std::string>& classes)
      : root_(root), prefix_(std::move(prefix)), images_(list_images(root_ / prefix_, classes)) {}

  int64_t size() const override { return images_.size(); }
  int64_t label(int64_t index) const override { return images_.label(index); }
  std::string name(int64_t index) const override {
    return prefix_ + std::string(images_.name(index));
  }
  Picture picture(int64_t index) const override { return read_picture(root_ / name(index)); }
  std::string place(int64_t index) const override { return (root_ / name(index)).string(); }
  std::string version(int64_t index) const override { return detail::file_version(place(index)); }

 private:
  fs::path root_;
  std::string prefix_;
  ImageList images_;
};

// Which folder holds which split, by canonical name: {"train": "train/", "val": "validation/"}, or
// {"train": ""} when the classes lie directly in the root. Empty when neither layout is there.
std::map<std::string, std::string> find_splits(const fs::path& root) {
  const std::vector<std::string> folders = folders_in(root);
  std::map<std::string, std::string> splits;
  // A folder "test" with pictures directly in it is a class, or a split without labels.
  const auto add_splits = [&](bool usual) {
    for (const std::string& folder : folders) {
      if (is_usual_split(canonical_split(folder)) != usual || folders_in(root / folder).empty())
        continue;
      splits.emplace(canonical_split(folder), folder + "/");
    }
  };
  add_splits(true);
  if (!splits.empty()) {
    add_splits(false);
    return splits;
  }
  const auto with_images = [&](const std::string& folder) { return has_images(root / folder); };
  if (std::any_of(folders.begin(), folders.end(), with_images)) return {{"train", ""}};
  return {};
}

class FolderSource final : public DataSource {
 public:
  explicit FolderSource(const fs::path& root) : root_(root), splits_(find_splits(root)) {
    if (splits_.empty()) throw no_classes();
    info_ = {"folder", {}, 3};
    if (splits_.contains("train")) {
      info_.classes = folders_in(root_ / splits_.at("train"));
      return;
    }
    for (const auto& [split, folder] : splits_) {
      const std::vector<std::string> classes = folders_in(root_ / folder);
      info_.classes.insert(info_.classes.end(), classes.begin(), classes.end());
    }
    std::sort(info_.classes.begin(), info_.classes.end());
    info_.classes.erase(std::unique(info_.classes.begin(), info_.classes.end()),
                        info_.classes.end());
  }

  const DataInfo& info() const override { return info_; }
  bool sorted_by_class() const override { return true; }

  std::vector<std::string> splits() const override { return splits_in_order(splits_); }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    VIT_CHECK(splits_.contains(split), "open() takes one of splits()");
    return std::make_unique<FolderDataset>(root_, splits_.at(split), info_.classes);
  }

 private:
  DataError no_classes() const {
    std::error_code ignored;
    const fs::path train = root_ / "train";
    return DataError(
        fmt::format("data.root '{0}' has no class folders for split 'train'\n"
                    "looked for  {0}/train/<class>/*.{{jpg,jpeg,png,webp}} and "
                    "{0}/<class>/*.{{jpg,jpeg,png,webp}}\n{1}",
                    root_.string(), found_in(fs::is_directory(train, ignored) ? train : root_)));
  }

  fs::path root_;
  std::map<std::string, std::string> splits_;
  DataInfo info_;
};

std::unique_ptr<DataSource> build_folder(const FolderConfig& config) {
  require_folder(config.root);
  return std::make_unique<FolderSource>(config.root);
}

}  // namespace

bool holds_image_tree(const fs::path& folder) { return !find_splits(folder).empty(); }

void add_folder(Datasets::Catalog& datasets) {
  datasets.add<FolderConfig>("folder", "A folder of images per class (JPEG, PNG, WebP).",
                             build_folder);
}

}  // namespace vit
