// TFRecord files of tf.train.Example, as ImageNet is often kept: an encoded picture and its label
// in each record.
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include "../picture_error.hpp"
#include "../tfrecord_walk.hpp"
#include "class_labels.hpp"
#include "datasets.hpp"
#include "shard_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace vit {

struct TfRecordConfig {
  std::filesystem::path root;
  std::vector<std::string> image_keys = {"image/encoded", "image"};
  std::vector<std::string> label_keys = {"image/class/label", "label"};
  std::vector<std::string> name_keys = {"image/filename", "file_name"};
  int64_t label_offset = 0;
  std::filesystem::path class_names;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&TfRecordConfig::root>("A TFRecord file, or a folder of shards "
                                     "(train-00000-of-01024, train.tfrecord, train/0.tfrecord).",
                                     not_empty),
        field<&TfRecordConfig::image_keys>("Feature with the encoded picture: the first there is."),
        field<&TfRecordConfig::label_keys>(
            "Feature with the label, a number or a name: the first there is."),
        field<&TfRecordConfig::name_keys>("Feature with the picture's name, for messages."),
        field<&TfRecordConfig::label_offset>(
            "Subtracted from labels that are numbers: 1 where ImageNet counts from 1."),
        field<&TfRecordConfig::class_names>(
            "File of class names, one a line in label order (empty: numbers).")};
  }
};

namespace {

class TfRecordPictures final : public Dataset {
 public:
  explicit TfRecordPictures(std::shared_ptr<const Shards> shards) : pictures_(std::move(shards)) {}

  void add(std::string_view name, int64_t label, const Piece& picture, detail::ByteRange record) {
    pictures_.add(name, label, picture);
    records_.push_back(record);
  }

  int64_t size() const override { return pictures_.size(); }
  int64_t label(int64_t index) const override { return pictures_.label(index); }
  std::string name(int64_t index) const override { return pictures_.name(index); }
  std::string place(int64_t index) const override { return pictures_.place(index); }
  std::string version(int64_t index) const override { return pictures_.version(index); }

  // The checksum is that of the whole record.
  Picture picture(int64_t index) const override {
    constexpr int64_t kChecksum = 4;
    const detail::ByteRange record = records_.at(static_cast<size_t>(index));
    const Piece& piece = pictures_.piece(index);
    std::string name = pictures_.full_name(index);
    detail::check_picture_bytes(name, static_cast<uint64_t>(record.size()));
    Picture picture = encoded_picture(
        std::move(name), pictures_.file(index).read(record.begin, record.size() + kChecksum));
    if (!detail::record_is_whole(picture.bytes)) {
      detail::picture_failed(picture.name, "its record has a wrong checksum");
    }
    picture.bytes = picture.bytes.substr(static_cast<size_t>(piece.offset - record.begin),
                                         static_cast<size_t>(piece.size));
    return picture;
  }

 private:
  ShardedPictures pictures_;
  std::vector<detail::ByteRange> records_;
};

// What the configured keys find in an Example; the first key that is there counts.
struct Example {
  std::optional<detail::ByteRange> image, name, text;  // text: the label, when it is one
  std::optional<int64_t> label;
};

class ExampleReader {
 public:
  explicit ExampleReader(const TfRecordConfig& config) : config_(config) {}

  Example read(detail::FileWindow& window, detail::ByteRange record) const {
    Example example;
    size_t image = kNone, name = kNone, label = kNone;  // places among the keys
    detail::walk_features(
        window, record, [&](const std::string& key, const detail::Feature& found) {
          if (found.bytes && is_better(config_.image_keys, key, image)) example.image = found.bytes;
          if (found.bytes && is_better(config_.name_keys, key, name)) example.name = found.bytes;
          if ((found.integer || found.bytes) && is_better(config_.label_keys, key, label)) {
            example.label = found.integer;
            example.text = found.bytes;
          }
        });
    if (!example.image) missing(window, record, "picture", config_.image_keys, "data.image_keys");
    if (!example.label && !example.text) {
      missing(window, record, "label", config_.label_keys, "data.label_keys");
    }
    return example;
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  static bool is_better(const std::vector<std::string>& keys, const std::string& key,
                        size_t& place) {
    const auto at = static_cast<size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (at == keys.size() || at >= place) return false;
    place = at;
    return true;
  }

  [[noreturn]] static void missing(detail::FileWindow& window, detail::ByteRange record,
                                   const char* what, const std::vector<std::string>& keys,
                                   const char* option) {
    std::vector<std::string> found;
    detail::walk_features(window, record, [&](const std::string& key, const detail::Feature&) {
      if (found.size() < 12) found.push_back(key);
    });
    throw DataError(fmt::format(
        "the record at byte {} of '{}' has no {}\nlooked for  the features {}\nfound       {}\n"
        "name the right one with {}",
        record.begin, window.file().path().string(), what, join(keys, ", "),
        found.empty() ? "none" : join(found, ", "), option));
  }

  const TfRecordConfig& config_;
};

class TfRecordSource final : public DataSource {
 public:
  TfRecordSource(const TfRecordConfig& config, const std::vector<ShardPlace>& places)
      : reader_(config), offset_(config.label_offset) {
    auto shards = std::make_shared<Shards>(Shards{config.root, {}});
    for (const ShardPlace& place : places) shards->files.emplace_back(place.path);
    shards_ = shards;
    for (size_t i = 0; i < places.size(); ++i) {
      read(static_cast<uint32_t>(i), places[i].split.empty() ? "train" : places[i].split);
    }
    if (splits_.empty()) {
      throw DataError(fmt::format("'{}' holds no records", config.root.string()));
    }
    std::vector<std::string> names;
    if (!config.class_names.empty()) names = read_class_names(config.class_names);
    labels_.resolve(std::move(names));
    info_ = {"tfrecord", labels_.classes(), 3};
  }

  const DataInfo& info() const override { return info_; }
  bool sorted_by_class() const override { return true; }
  std::vector<std::string> splits() const override { return splits_in_order(splits_); }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    VIT_CHECK(splits_.contains(split), "open() takes one of splits()");
    auto pictures = std::make_unique<TfRecordPictures>(shards_);
    for (const Entry& entry : splits_.at(split)) {
      pictures->add(entry.name, labels_.number(entry.label), entry.picture, entry.record);
    }
    return pictures;
  }

 private:
  struct Entry {
    std::string name;
    int32_t label = 0;  // a handle
    Piece picture;
    detail::ByteRange record;
  };

  void read(uint32_t shard, const std::string& split) {
    constexpr int64_t kLongestText = 4096;
    detail::FileWindow window(shards_->files[shard]);
    int64_t number = 0;
    const auto text = [&](detail::ByteRange range) {
      return std::string(window.view(range.begin, std::min(range.size(), kLongestText)));
    };
    detail::walk_records(window, [&](detail::ByteRange record) {
      const Example example = reader_.read(window, record);
      Entry entry{example.name ? text(*example.name) : std::to_string(number),
                  0,
                  {shard, example.image->begin, example.image->size()},
                  record};
      ++number;
      const std::string label =
          example.label ? number_text(*example.label, window, record) : text(*example.text);
      entry.label = labels_.add(label, split, shards_->name(shard) + "/" + entry.name);
      splits_[split].push_back(std::move(entry));
    });
  }

  std::string number_text(int64_t label, const detail::FileWindow& window,
                          detail::ByteRange record) const {
    if (label < offset_) {
      throw DataError(fmt::format(
          "the record at byte {} of '{}' has the label {}, which is below data.label_offset ({})",
          record.begin, window.file().path().string(), label, offset_));
    }
    return std::to_string(label - offset_);
  }

  ExampleReader reader_;
  int64_t offset_;
  std::shared_ptr<const Shards> shards_;
  std::map<std::string, std::vector<Entry>> splits_;
  ClassLabels labels_;
  DataInfo info_;
};

// Shards often have no ending of their own: "train-00000-of-01024".
bool is_tfrecord_name(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.find(".tfrec") != std::string::npos || name.find("-of-") != std::string::npos;
}

std::unique_ptr<DataSource> build_tfrecord(const TfRecordConfig& config) {
  const std::vector<ShardPlace> places = find_shards(config.root, is_tfrecord_name);
  if (places.empty()) {
    throw DataError(
        fmt::format("data.root '{0}' holds no TFRecord files\nlooked for  {0}/*.tfrecord, "
                    "{0}/train-00000-of-01024, {0}/train/*.tfrecord and so on\n{1}",
                    config.root.string(), found_in(config.root)));
  }
  return std::make_unique<TfRecordSource>(config, places);
}

}  // namespace

bool holds_tfrecords(const fs::path& path) {
  std::error_code unknown;
  if (fs::is_regular_file(path, unknown)) return detail::looks_like_tfrecord(path);
  const std::vector<ShardPlace> places = find_shards(path, is_tfrecord_name);
  return !places.empty() && detail::looks_like_tfrecord(places.front().path);
}

void add_tfrecord(Datasets::Catalog& datasets) {
  datasets.add<TfRecordConfig>("tfrecord", "TFRecord files of tf.train.Example.", build_tfrecord);
}

}  // namespace vit
