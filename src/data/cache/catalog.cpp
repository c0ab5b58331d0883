// The list of caches. To add one: a file in this folder and a line here.
#include "vit/data/dataset.hpp"

#include "caches.hpp"

namespace vit {

const PictureCaches::Catalog& PictureCaches::catalog() {
  static const Catalog all = [] {
    Catalog caches("cache");
    add_no_cache(caches);
    add_ram_cache(caches);
    add_disk_cache(caches);
    return caches;
  }();
  return all;
}

namespace {

struct NoCacheConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

class NoCache final : public PictureCache {
 public:
  std::unique_ptr<Dataset> over(std::unique_ptr<Dataset> set, Use) override { return set; }
};

}  // namespace

void add_no_cache(PictureCaches::Catalog& caches) {
  caches.add<NoCacheConfig>(
      "none", "Pictures are read each time they are shown; the system keeps what it has room for.",
      [](const NoCacheConfig&, Orientation) { return std::make_unique<NoCache>(); });
}

}  // namespace vit
