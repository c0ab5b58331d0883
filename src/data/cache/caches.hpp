// What the caches share. Private to the data library.
#pragma once

#include "vit/data/picture_cache.hpp"

#include "../kept_picture.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <tuple>

namespace vit {

void add_no_cache(PictureCaches::Catalog& caches);
void add_ram_cache(PictureCaches::Catalog& caches);
void add_disk_cache(PictureCaches::Catalog& caches);

namespace detail {

// What is kept of a picture in this use: evaluation never sees smaller ones.
Keeping keeping_for(PictureCache::Use use, const Keeping& training);

// Notes a problem unless `limit` is an amount of memory.
void check_limit(const std::string& limit, config::Problems& problems);

// The room a cache has, and one line in the log about what became of it: when all pictures are
// kept, when there is no more room, or at the end. Thread-safe.
class CacheRoom {
 public:
  // `where` is what the log calls the cache; `makes_smaller`: so it treats pictures it cannot keep.
  CacheRoom(std::string where, int64_t limit, bool makes_smaller);
  ~CacheRoom();
  CacheRoom(const CacheRoom&) = delete;
  CacheRoom& operator=(const CacheRoom&) = delete;

  void expect(int64_t pictures) { expected_ += pictures; }
  bool take(int64_t bytes);  // false when they do not fit any more
  void take_anyway(int64_t bytes) { used_ += bytes; }
  void give_back(int64_t bytes) { used_ -= bytes; }
  void refused();            // a picture could not be kept
  void kept(int64_t bytes);  // one more is

 private:
  void report(bool is_full);

  std::string where_;
  int64_t limit_;
  bool makes_smaller_;
  std::atomic<int64_t> used_ = 0, expected_ = 0, pictures_ = 0, bytes_ = 0;
  std::atomic<bool> is_reported_ = false;
};

}  // namespace detail
}  // namespace vit
