// Packed shards, written by vit-pack.
#include "vit/core/error.hpp"

#include "../kept_picture.hpp"
#include "../picture_error.hpp"
#include "../record_folder.hpp"
#include "../record_shard.hpp"
#include "datasets.hpp"
#include "image_list.hpp"

#include <fmt/format.h>

#include <utility>

namespace vit {

struct RecordsConfig {
  std::filesystem::path root;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&RecordsConfig::root>("Folder that vit-pack wrote.", not_empty)};
  }
};

namespace {

class RecordPictures final : public Dataset {
 public:
  void add(detail::ShardFile file, const detail::RecordIndex& index) {
    for (size_t i = 0; i < index.entries.size(); ++i) {
      list_.add(index.name(i), index.entries[i].label);
      places_.push_back({static_cast<uint32_t>(files_.size()), index.entries[i]});
    }
    files_.push_back(std::move(file));
  }

  int64_t size() const override { return list_.size(); }
  int64_t label(int64_t index) const override { return list_.label(index); }
  std::string name(int64_t index) const override { return std::string(list_.name(index)); }

  std::string place(int64_t index) const override {
    return files_[places_.at(static_cast<size_t>(index)).shard].path().string() + "/" + name(index);
  }
  std::string version(int64_t index) const override {
    const detail::RecordEntry& entry = places_.at(static_cast<size_t>(index)).entry;
    return fmt::format("{:016x} {} {} {}", entry.checksum, entry.size, entry.height, entry.width);
  }

  Picture picture(int64_t index) const override {
    const auto& [shard, entry] = places_.at(static_cast<size_t>(index));
    const detail::ShardFile& file = files_[shard];
    std::string called = place(index);
    detail::check_picture_bytes(called, entry.size);
    std::string bytes = file.read(static_cast<int64_t>(entry.offset), entry.size);
    if (detail::record_checksum(bytes) != entry.checksum) {
      detail::picture_failed(called, "its record has a wrong checksum");
    }
    return detail::picture_of(std::move(called), std::move(bytes), entry.height, entry.width);
  }

 private:
  struct Place {
    uint32_t shard;
    detail::RecordEntry entry;
  };
  std::vector<detail::ShardFile> files_;
  ImageList list_;
  std::vector<Place> places_;
};

class RecordSource final : public DataSource {
 public:
  explicit RecordSource(fs::path root)
      : root_(std::move(root)), folder_(detail::read_record_folder(root_)) {}

  const DataInfo& info() const override { return folder_.info; }
  bool sorted_by_class() const override { return folder_.sorted_by_class; }
  std::vector<std::string> splits() const override { return splits_in_order(folder_.shards); }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    VIT_CHECK(folder_.shards.contains(split), "open() takes one of splits()");
    auto pictures = std::make_unique<RecordPictures>();
    for (int64_t i = 0; i < folder_.shards.at(split); ++i) {
      const fs::path path = detail::RecordFolder::shard_path(root_, split, i);
      std::error_code unknown;
      if (!fs::exists(path, unknown)) {
        throw DataError(
            fmt::format("'{}' is missing: packing is not complete\nrun vit-pack again; "
                        "it goes on where it stopped",
                        path.string()));
      }
      detail::ShardFile file(path);
      const detail::RecordIndex index = detail::read_record_index(file);
      if (index.fingerprint != folder_.fingerprint) {
        throw DataError(
            fmt::format("'{}' was packed with other options than its folder says\n"
                        "remove it and run vit-pack again",
                        path.string()));
      }
      pictures->add(std::move(file), index);
    }
    return pictures;
  }

 private:
  fs::path root_;
  detail::RecordFolder folder_;
};

std::unique_ptr<DataSource> build_records(const RecordsConfig& config) {
  require_folder(config.root);
  if (!detail::is_record_folder(config.root)) {
    throw DataError(
        fmt::format("data.root '{0}' holds no packed records\nlooked for  "
                    "{0}/records.json, which vit-pack writes\n{1}",
                    config.root.string(), found_in(config.root)));
  }
  return std::make_unique<RecordSource>(config.root);
}

}  // namespace

void add_records(Datasets::Catalog& datasets) {
  datasets.add<RecordsConfig>("records", "Shards that vit-pack wrote.", build_records);
}

}  // namespace vit
