// Tar files of pictures, read where they are: a class tree as in a folder, or WebDataset samples.
#include "vit/core/error.hpp"

#include "class_labels.hpp"
#include "datasets.hpp"
#include "shard_list.hpp"
#include "tar_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace vit {

struct TarConfig {
  std::filesystem::path root;
  std::filesystem::path class_names;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&TarConfig::root>("A .tar, or a folder of .tar shards (train-000.tar or "
                                "train/000.tar), of <split>/<class>/* or <class>/* images, or of "
                                "key.jpg with key.cls or key.json.",
                                not_empty),
        field<&TarConfig::class_names>(
            "File of class names, one a line in label order (empty: from the data).")};
  }
};

namespace {

class TarSource final : public DataSource {
 public:
  TarSource(std::shared_ptr<const Shards> shards, TarIndex index) : shards_(std::move(shards)) {
    info_ = {"tar", std::move(index.classes), 3};
    for (const TarPicture& picture : index.pictures) {
      auto at = splits_.try_emplace(picture.split, ShardedPictures(shards_)).first;
      at->second.add(picture.name, picture.label, picture.piece);
    }
  }

  const DataInfo& info() const override { return info_; }
  bool sorted_by_class() const override { return true; }
  std::vector<std::string> splits() const override { return splits_in_order(splits_); }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    VIT_CHECK(splits_.contains(split), "open() takes one of splits()");
    return std::make_unique<ShardedPictures>(splits_.at(split));
  }

 private:
  std::shared_ptr<const Shards> shards_;
  std::map<std::string, ShardedPictures> splits_;
  DataInfo info_;
};

bool is_tar_name(const fs::path& path) { return path.extension() == ".tar"; }

std::unique_ptr<DataSource> build_tar(const TarConfig& config) {
  const std::vector<ShardPlace> places = find_shards(config.root, is_tar_name);
  if (places.empty()) {
    throw DataError(fmt::format(
        "data.root '{0}' holds no tar files\nlooked for  {0}/*.tar, {0}/train/*.tar and so on\n{1}",
        config.root.string(), found_in(config.root)));
  }
  auto shards = std::make_shared<Shards>(Shards{config.root, {}});
  std::vector<std::string> splits;
  for (const ShardPlace& place : places) {
    shards->files.emplace_back(place.path);
    splits.push_back(place.split);
  }
  std::vector<std::string> names;
  if (!config.class_names.empty()) names = read_class_names(config.class_names);
  TarIndex index = index_tars(*shards, splits, std::move(names));
  return std::make_unique<TarSource>(std::move(shards), std::move(index));
}

}  // namespace

bool holds_tars(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return is_tar_name(path);
  return !find_shards(path, is_tar_name).empty();
}

void add_tar(Datasets::Catalog& datasets) {
  datasets.add<TarConfig>("tar", "Tar files of images per class, or WebDataset shards.", build_tar)
      .alias("webdataset");
}

}  // namespace vit
