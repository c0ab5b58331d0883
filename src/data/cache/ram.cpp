// Pictures kept in the memory of the process.
#include "vit/core/byte_size.hpp"
#include "vit/data/dataset.hpp"

#include "../around.hpp"
#include "caches.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace vit {

struct RamCacheConfig {
  std::string limit = "8 GiB";
  detail::Keep keep = detail::Keep::kOriginal;
  int64_t shorter = 256;
  int64_t quality = 90;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RamCacheConfig::limit>("Memory for pictures, e.g. '8 GiB' or '500 MB'."),
        field<&RamCacheConfig::keep>(
            "What is kept of pictures to train on: original bytes; jpeg: larger ones made smaller "
            "and compressed again; raw: made smaller, as plain pixels, which need no decoding."),
        field<&RamCacheConfig::shorter>(
            "With keep: jpeg or raw, the shorter side of larger pictures.", positive),
        field<&RamCacheConfig::quality>("With keep: jpeg, of these.", in_range(1, 100))};
  }
  void check(config::Problems& problems) const { detail::check_limit(limit, problems); }
};

namespace {

using detail::CacheRoom;
using detail::Keep;
using detail::Keeping;

class InMemory final : public detail::Around {
 public:
  InMemory(std::unique_ptr<Dataset> set, Keeping keeping, std::shared_ptr<CacheRoom> room)
      : Around(std::move(set)),
        keeping_(keeping),
        room_(std::move(room)),
        pictures_(static_cast<size_t>(inner().size())) {
    room_->expect(inner().size());
  }

  // What is kept may be a smaller picture than the one that lies there.
  std::string place(int64_t) const override { return ""; }
  std::string version(int64_t) const override { return ""; }

  Picture picture(int64_t index) const override {
    if (const std::shared_ptr<const Picture> there = find(index)) return *there;
    Picture picture = inner().picture(index);
    detail::KeptPicture kept = detail::keep_picture(picture, keeping_);
    const auto bytes = static_cast<int64_t>(kept.bytes.size() + sizeof(Picture));
    picture =
        detail::picture_of(std::move(picture.name), std::move(kept.bytes), kept.height, kept.width);
    if (!room_->take(bytes)) {
      room_->refused();
      return picture;
    }
    const std::lock_guard lock(lock_of(index));
    std::shared_ptr<const Picture>& place = pictures_[static_cast<size_t>(index)];
    if (place != nullptr) {  // another thread was faster
      room_->give_back(bytes);
    } else {
      place = std::make_shared<const Picture>(picture);
      room_->kept(bytes);
    }
    return picture;
  }

 private:
  std::shared_ptr<const Picture> find(int64_t index) const {
    const std::lock_guard lock(lock_of(index));
    return pictures_.at(static_cast<size_t>(index));
  }
  std::mutex& lock_of(int64_t index) const {
    return locks_[static_cast<size_t>(index) % locks_.size()];
  }

  Keeping keeping_;
  std::shared_ptr<CacheRoom> room_;
  mutable std::vector<std::shared_ptr<const Picture>> pictures_;
  mutable std::array<std::mutex, 64> locks_;
};

class RamCache final : public PictureCache {
 public:
  RamCache(const RamCacheConfig& config, Orientation orientation)
      : keeping_{config.keep, config.shorter, static_cast<int>(config.quality), orientation},
        room_(std::make_shared<CacheRoom>("memory", parse_bytes(config.limit),
                                          config.keep != Keep::kOriginal)) {}

  std::unique_ptr<Dataset> over(std::unique_ptr<Dataset> set, Use use) override {
    return std::make_unique<InMemory>(std::move(set), detail::keeping_for(use, keeping_), room_);
  }

 private:
  Keeping keeping_;
  std::shared_ptr<CacheRoom> room_;
};

}  // namespace

void add_ram_cache(PictureCaches::Catalog& caches) {
  caches.add<RamCacheConfig>("ram", "In memory, for the time of the run.",
                             [](const RamCacheConfig& config, Orientation orientation) {
                               return std::make_unique<RamCache>(config, orientation);
                             });
}

}  // namespace vit
