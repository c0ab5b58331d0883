// Tar files of pictures, read where they are: a class tree as in a folder, or WebDataset samples.
//
// Compressed ones are not trained from: a run is a function of (configuration, step) and may begin
// anywhere, and a compressed stream can only be read from its start. What can be done with such a
// stream, shuffling within a buffer, would make the order depend on the buffer, on threads and on
// where the run was entered. vit-pack unpacks them once.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"

#include "../decompress.hpp"
#include "../file_version.hpp"
#include "../tar_walk.hpp"
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
                                "key.jpg with key.cls or key.json. Compressed ones: vit-pack.",
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

// What `path` is called without the compression of its tar: the same for a plain one, "" for what
// is no tar.
std::string plain_name(const fs::path& path) {
  std::string name = path.string();
  if (name.ends_with(".tar")) return name;
  for (const char* ending :
       {".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.xz", ".txz", ".tar.bz2", ".tbz2"}) {
    if (!name.ends_with(ending)) continue;
    return name.substr(0, name.size() - std::string_view(ending).size()) + ".tar";
  }
  return "";
}

bool is_tar_name(const fs::path& path) { return !plain_name(path).empty(); }

// A compressed tar beside its plain copy does not count.
std::vector<ShardPlace> find_tars(const fs::path& root) {
  std::vector<ShardPlace> places = find_shards(root, is_tar_name);
  const auto is_there = [all = places](const std::string& path) {
    return std::any_of(all.begin(), all.end(), [&](const auto& p) { return p.path == path; });
  };
  std::erase_if(places, [&](const ShardPlace& place) {
    const std::string plain = plain_name(place.path);
    return plain != place.path && is_there(plain);
  });
  return places;
}

std::string compression_of(const ShardPlace& place) {
  const detail::ShardFile file(place.path);
  detail::FileWindow window(file);
  return detail::compression_of(window.view(0, std::min<int64_t>(file.size(), 512)));
}

std::unique_ptr<DataSource> build_tar(const TarConfig& config) {
  const std::vector<ShardPlace> places = find_tars(config.root);
  if (places.empty()) {
    throw DataError(fmt::format(
        "data.root '{0}' holds no tar files\nlooked for  {0}/*.tar, {0}/train/*.tar and so on\n{1}",
        config.root.string(), found_in(config.root)));
  }
  for (const ShardPlace& place : places) {
    const std::string compression = compression_of(place);
    if (compression.empty()) continue;
    throw DataError(fmt::format(
        "'{0}' is compressed ({1})\n{2}\nor pack it:  vit-pack '{3}' --out FOLDER   (then train "
        "with data.name=records data.root=FOLDER)",
        place.path.string(), compression,
        detail::unpacking_advice(compression, place.path.string()), config.root.string()));
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

DataSection with_plain_tars(const DataSection& data, const fs::path& folder, ExitCode (*stop)()) {
  DataSection plain = data;
  TarConfig* config = plain.mutate<TarConfig>();
  if (config == nullptr) return data;
  const fs::path root = config->root;
  const std::vector<ShardPlace> places = find_tars(root);
  const auto is_compressed = [](const ShardPlace& place) { return !compression_of(place).empty(); };
  if (std::none_of(places.begin(), places.end(), is_compressed)) return data;
  std::string state;  // copies of tars that have changed since are not used
  for (const ShardPlace& place : places) {
    state += fmt::format("{} {}\n", place.path.string(), detail::file_version(place.path));
  }
  const fs::path copies = folder / checksum(state);
  for (const ShardPlace& place : places) {
    const bool is_root = place.path == root;
    const fs::path inside = is_root ? root.filename() : place.path.lexically_relative(root);
    const fs::path copy = copies / plain_name(inside);
    if (is_root) config->root = copy;
    fs::create_directories(copy.parent_path());
    std::error_code unknown;
    if (fs::exists(copy, unknown)) continue;
    if (is_compressed(place)) {
      detail::decompress(place.path, copy, stop);
    } else {
      replace_link(copy, fs::absolute(place.path));
    }
  }
  if (config->root == root) config->root = copies;
  return plain;
}

void add_tar(Datasets::Catalog& datasets) {
  datasets.add<TarConfig>("tar", "Tar files of images per class, or WebDataset shards.", build_tar)
      .alias("webdataset");
}

}  // namespace vit
