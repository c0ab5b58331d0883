#include "vit/core/byte_size.hpp"
#include "vit/core/text.hpp"

#include "caches.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace vit::detail {

Keeping keeping_for(PictureCache::Use use, const Keeping& training) {
  return use == PictureCache::Use::kTraining ? training : Keeping{};
}

void check_limit(const std::string& limit, config::Problems& problems) {
  try {
    parse_bytes(limit);
  } catch (const std::invalid_argument& error) {
    problems.add("limit", error.what());
  }
}

CacheRoom::CacheRoom(std::string where, int64_t limit, bool makes_smaller)
    : where_(std::move(where)), limit_(limit), makes_smaller_(makes_smaller) {}

CacheRoom::~CacheRoom() {
  if (pictures_ > 0) report(false);
}

bool CacheRoom::take(int64_t bytes) {
  if (used_.fetch_add(bytes) + bytes <= limit_) return true;
  used_ -= bytes;
  return false;
}

void CacheRoom::refused() { report(true); }

void CacheRoom::kept(int64_t bytes) {
  bytes_ += bytes;
  if (++pictures_ == expected_) report(false);
}

void CacheRoom::report(bool is_full) {
  if (is_reported_.exchange(true)) return;
  const std::string what =
      fmt::format("data.cache: {} of {} pictures are kept in {}, {}", grouped(pictures_),
                  grouped(expected_), where_, human_bytes(static_cast<double>(bytes_.load())));
  if (!is_full) return spdlog::info("{}", what);
  spdlog::info("{}; data.cache.limit ({}) is reached, the others are {} each time", what,
               human_bytes(static_cast<double>(limit_)),
               makes_smaller_ ? "read and made smaller" : "read");
}

}  // namespace vit::detail
