// Pictures kept in a folder that outlives the run.
#include "vit/core/byte_size.hpp"
#include "vit/core/error.hpp"
#include "vit/data/dataset.hpp"

#include "../around.hpp"
#include "caches.hpp"
#include "picture_folder.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vit {

namespace fs = std::filesystem;

struct DiskCacheConfig {
  std::filesystem::path folder;
  std::string limit = "50 GiB";
  detail::Keep keep = detail::Keep::kOriginal;
  int64_t shorter = 256;
  int64_t quality = 90;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&DiskCacheConfig::folder>(
            "Folder, on a fast disk (empty: vit/pictures in $XDG_CACHE_HOME or ~/.cache)."),
        field<&DiskCacheConfig::limit>("Room for the whole folder, e.g. '200 GiB'; beyond it, "
                                       "pictures that no run has used for longest make room."),
        field<&DiskCacheConfig::keep>("As for ram."),
        field<&DiskCacheConfig::shorter>("As for ram.", positive),
        field<&DiskCacheConfig::quality>("As for ram.", in_range(1, 100))};
  }
  void check(config::Problems& problems) const { detail::check_limit(limit, problems); }
};

namespace {

using detail::CacheRoom;
using detail::Keep;
using detail::Keeping;
using detail::KeptPicture;
using detail::PictureFolder;
using detail::PictureKey;

fs::path folder_of(const DiskCacheConfig& config) {
  if (!config.folder.empty()) return config.folder;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  if (const fs::path base = variable("XDG_CACHE_HOME"); base.is_absolute())
    return base / "vit" / "pictures";
  if (const fs::path home = variable("HOME"); !home.empty())
    return home / ".cache" / "vit" / "pictures";
  throw ConfigError(
      "there is no place for a cache: neither XDG_CACHE_HOME nor HOME is set\n"
      "name a folder: data.cache.folder");
}

// What the data sets over one folder share.
class Store {
 public:
  Store(fs::path folder, int64_t limit, bool makes_smaller)
      : folder_(std::move(folder)),
        room_(fmt::format("'{}'", folder_.path().string()), limit, makes_smaller) {
    room_.take_anyway(folder_.bytes());
  }

  PictureFolder& folder() { return folder_; }
  CacheRoom& room() { return room_; }

  // True when the picture is kept now.
  bool keep(const PictureKey& key, const KeptPicture& picture) {
    if (is_closed_) return false;
    const int64_t bytes = PictureFolder::file_size(key, picture);
    while (!room_.take(bytes)) {
      const int64_t freed = folder_.make_room();
      if (freed == 0) return room_.refused(), false;
      room_.give_back(freed);
    }
    std::string problem;
    if (folder_.write(key, picture, problem)) return true;
    room_.give_back(bytes);
    if (!is_closed_.exchange(true)) {
      spdlog::warn("data.cache: {}; no more pictures are kept there", problem);
    }
    return false;
  }

 private:
  PictureFolder folder_;
  CacheRoom room_;
  std::atomic<bool> is_closed_ = false;
};

class OnDisk final : public detail::Around {
 public:
  OnDisk(std::unique_ptr<Dataset> set, Keeping keeping, std::shared_ptr<Store> store)
      : Around(std::move(set)),
        keeping_(keeping),
        form_(form_of(keeping)),
        store_(std::move(store)),
        is_counted_(static_cast<size_t>(inner().size())) {
    store_->room().expect(inner().size());
    for (int64_t i = 0; i < inner().size(); ++i) {
      if (std::string place = inner().place(i); !place.empty()) {
        store_->folder().protect({place + form_, ""});
      }
    }
  }

  // What is kept may be a smaller picture than the one that lies there.
  std::string place(int64_t) const override { return ""; }
  std::string version(int64_t) const override { return ""; }

  Picture picture(int64_t index) const override {
    std::string place = inner().place(index);
    const PictureKey key{place + form_, place.empty() ? "" : inner().version(index)};
    if (key.version.empty()) return kept_as_picture(inner().picture(index));
    if (auto found = store_->folder().read(key, std::move(place))) {
      if (is_first(index)) {
        store_->folder().touch(key);
        store_->room().kept(
            static_cast<int64_t>(found->bytes.size() + found->pixels.pixels.size()));
      }
      return std::move(*found);
    }
    const Picture picture = inner().picture(index);
    KeptPicture kept = detail::keep_picture(picture, keeping_);
    if (store_->keep(key, kept) && is_first(index)) store_->room().kept(std::ssize(kept.bytes));
    return detail::picture_of(picture.name, std::move(kept.bytes), kept.height, kept.width);
  }

 private:
  static std::string form_of(const Keeping& keeping) {
    if (keeping.keep == Keep::kOriginal) return "";
    return fmt::format("\n{} {} {} {}", keeping.keep == Keep::kJpeg ? "jpeg" : "raw",
                       keeping.shorter, keeping.keep == Keep::kJpeg ? keeping.quality : 0,
                       keeping.orientation == Orientation::kApply ? "turned" : "as it is");
  }

  // What cannot be told apart from others is not kept, but looks as if it were.
  Picture kept_as_picture(Picture picture) const {
    if (keeping_.keep == Keep::kOriginal) return picture;
    KeptPicture kept = detail::keep_picture(picture, keeping_);
    return detail::picture_of(std::move(picture.name), std::move(kept.bytes), kept.height,
                              kept.width);
  }

  bool is_first(int64_t index) const {
    return !is_counted_[static_cast<size_t>(index)].exchange(true);
  }

  Keeping keeping_;
  std::string form_;
  std::shared_ptr<Store> store_;
  mutable std::vector<std::atomic<bool>> is_counted_;
};

class DiskCache final : public PictureCache {
 public:
  DiskCache(const DiskCacheConfig& config, Orientation orientation)
      : keeping_{config.keep, config.shorter, static_cast<int>(config.quality), orientation},
        store_(std::make_shared<Store>(folder_of(config), parse_bytes(config.limit),
                                       config.keep != Keep::kOriginal)) {}

  std::unique_ptr<Dataset> over(std::unique_ptr<Dataset> set, Use use) override {
    return std::make_unique<OnDisk>(std::move(set), detail::keeping_for(use, keeping_), store_);
  }

 private:
  Keeping keeping_;
  std::shared_ptr<Store> store_;
};

}  // namespace

void add_disk_cache(PictureCaches::Catalog& caches) {
  caches.add<DiskCacheConfig>("disk", "In a folder, for this run and later ones.",
                              [](const DiskCacheConfig& config, Orientation orientation) {
                                return std::make_unique<DiskCache>(config, orientation);
                              });
}

}  // namespace vit
