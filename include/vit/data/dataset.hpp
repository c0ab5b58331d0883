// A Dataset is one split of labelled images with random access; a DataSource opens them by split
// name.
//
// Split syntax: NAME, or NAME[a:b] with whole numbers, negative numbers or percents ("train[:98%]",
// "train[:800]", "train[-10%:]"). Splits of a source whose natural order goes class by class (image
// folders) are sliced along a fixed shuffled order, so that "train[90%:]" is a fair sample of all
// classes and complements "train[:90%]"; the members then keep their natural order. Other sources
// (MNIST, CIFAR) are already shuffled and are sliced as they lie.
#pragma once

#include "vit/config/component.hpp"
#include "vit/data/image_codec.hpp"
#include "vit/data/picture.hpp"
#include "vit/data/picture_cache.hpp"
#include "vit/data/sampler.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vit {

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  // All thread-safe.
  virtual int64_t label(int64_t index) const = 0;
  // Not decoded, unless the source holds plain pixels. Throws DataError naming the file when it
  // cannot be read.
  virtual Picture picture(int64_t index) const = 0;
  virtual std::string name(
      int64_t index) const = 0;  // path relative to the root, or "train-images-idx3-ubyte[17]"

  // What training draws by shares of their own, in the order of the examples. One: every example
  // once an epoch.
  virtual std::vector<Stratum> strata() const { return {{size(), 1}}; }

  // For caches that outlive the run: where the picture lies, and what changes when its bytes do,
  // both without reading it. Empty when that cannot be told, or when a cache would gain nothing.
  virtual std::string place(int64_t) const { return ""; }
  virtual std::string version(int64_t) const { return ""; }

  // All pixels, for those who want no less. Throws DataError also for what cannot be decoded.
  Image image(int64_t index) const { return decode(picture(index)); }
};

// What holds for all splits of a source.
struct DataInfo {
  std::string kind;  // "fashion_mnist", "mnist", "cifar10", "cifar100", "folder", "synthetic",
                     // "tar", "mixture" ..: for names and messages
  std::vector<std::string> classes;  // names in label order
  int64_t channels = 3;
};

class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual const DataInfo& info() const = 0;
  virtual std::vector<std::string> splits() const = 0;  // "train", "val", "test": those that exist
  // A whole split by its plain name, in natural order. Throws DataError listing the splits there
  // are.
  virtual std::unique_ptr<Dataset> open(const std::string& split) const = 0;
  // True when a slice must be taken along a shuffled order (see above).
  virtual bool sorted_by_class() const { return false; }
};

enum class OnError { kFail, kSkip };

constexpr auto enum_names(OnError) {
  return std::array{std::pair{"fail", OnError::kFail}, std::pair{"skip", OnError::kSkip}};
}

// Keys every `data` section has, whatever its name.
struct DataCommon {
  std::string train;  // split syntax; "" = train
  std::string val;    // "" = see resolve_splits
  OnError on_error = OnError::kFail;
  std::string max_errors;  // "" = any number
  Orientation exif_orientation = Orientation::kIgnore;
  bool dct_scaling = false;
  int64_t repeats = 1;
  std::filesystem::path exclude;
  double fraction = 1;
  int64_t count = 0;  // 0 = all
  int64_t subset_seed = 0;
  CacheSection cache = "none";

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&DataCommon::train>("Split to train on, e.g. 'train[:98%]' (empty: train)."),
        field<&DataCommon::val>(
            "Split to validate on (empty: val or test, else the last 10 % of train)."),
        field<&DataCommon::on_error>(
            "A picture that cannot be read: fail, or skip to the next one.")
            .resumable(),
        field<&DataCommon::max_errors>("With on_error: skip, how many different pictures may be "
                                       "unreadable, e.g. 20 or '1 %' (empty: any number).")
            .resumable(),
        field<&DataCommon::exif_orientation>(
            "Whether pictures are turned as their camera noted: ignore, or apply."),
        field<&DataCommon::dct_scaling>(
            "Decode training JPEGs at 1/2, 1/4 or 1/8 where the part that is shown is at least "
            "so many times as large as the model's input: faster, slightly other pixels."),
        field<&DataCommon::repeats>(
            "Times a picture is shown in a row, augmented anew each time; an epoch then shows "
            "this part of the pictures (repeated augmentation, as DeiT).",
            positive),
        field<&DataCommon::exclude>(
            "File of names, one a line, that are left out of training: pictures of the test set."),
        field<&DataCommon::fraction>(
            "Part of the training split that is used, drawn at random; smaller parts lie within "
            "larger ones.",
            in_range(0.0, 1.0)),
        field<&DataCommon::count>("The same as a number of examples (0: as data.fraction says).",
                                  non_negative),
        field<&DataCommon::subset_seed>("Another seed, another such part.", non_negative),
        field<&DataCommon::cache>("Where pictures are kept once they have been read.").resumable()};
  }
  void check(config::Problems& problems) const {
    problems.require(count == 0 || fraction == 1, "count",
                     "cannot be given together with fraction");
    problems.require(fraction > 0, "fraction", "must be above 0");
  }
};

// Catalogue of data sets: `data: {name: folder, root: PATH, train: ..., val: ...}`.
struct Datasets {
  using Catalog = config::Catalog<DataSource>;
  using Common = DataCommon;
  static const Catalog& catalog();
};
using DataSection = config::Component<Datasets>;

// How many pictures data.max_errors allows of `examples`; negative: any number. Throws ConfigError.
int64_t error_budget(const std::string& max_errors, int64_t examples);

// Opens `split` with its slice.
std::unique_ptr<Dataset> open_split(const DataSource& source, const std::string& split);

// The same for training: without the examples that data.exclude names, then the random subset of
// data.fraction or data.count. Throws DataError when nothing fits.
std::unique_ptr<Dataset> open_training_split(const DataSource& source, const std::string& split,
                                             const DataCommon& common);

// The splits a run trains and validates on. An empty `train` means "train"; an empty `val` means
// the first of val, validation, test that exists, else what a sliced `train` leaves over
// ("train[:800]" validates on "train[800:]"), else the last 10 % of train are carved off (and train
// shrinks to the first 90 %).
struct SplitNames {
  std::string train, val;
};
SplitNames resolve_splits(const DataSource& source, const std::string& train,
                          const std::string& val);

// The name of the data set at `path` (packed records, IDX files, CIFAR batches, an image tree, tar
// or TFRecord shards, a table: the first of these that is there), recognised by its content. Throws
// DataError saying what was looked for and what was found.
std::string recognise_data(const std::string& path);  // "records", "idx", "cifar", "folder", ..
// The same, but "" when there is none.
std::string data_kind(const std::string& path);

}  // namespace vit
