// Pictures kept once they have been read: in memory, or in a folder that outlives the run.
//
// Nothing that has been kept is given up for other pictures of the run: a run comes by all of them
// in turn, and giving up the oldest would keep none until it is wanted. Beyond the limit pictures
// are read as before, and look the same.
#pragma once

#include "vit/config/component.hpp"
#include "vit/data/image_codec.hpp"

#include <memory>

namespace vit {

class Dataset;

class PictureCache {
 public:
  // Pictures to evaluate are kept as they are, whatever is done to those to train on.
  enum class Use { kTraining, kEvaluation };

  virtual ~PictureCache() = default;
  // `set` with its pictures coming from the cache. Several sets share its limit. Thread-safe as any
  // data set; may outlive the cache.
  virtual std::unique_ptr<Dataset> over(std::unique_ptr<Dataset> set, Use use) = 0;
};

// Catalogue of caches: `data: {cache: ram}`, `data: {cache: {name: disk, limit: 200 GiB}}`. Built
// with data.exif_orientation, which counts where pictures are decoded to be made smaller. Throws
// ConfigError or DataError.
struct PictureCaches {
  using Catalog = config::Catalog<PictureCache, Orientation>;
  static const Catalog& catalog();
};
using CacheSection = config::Component<PictureCaches>;

}  // namespace vit
