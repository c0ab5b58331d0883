// TFRecord files of tf.train.Example, as ImageNet and the sets of TensorFlow Datasets are kept: an
// encoded picture in each record, and its label or what the label follows from.
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/label_rule.hpp"

#include "../picture_error.hpp"
#include "../tfrecord_walk.hpp"
#include "class_labels.hpp"
#include "datasets.hpp"
#include "shard_list.hpp"
#include "tfds_folder.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

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
  LabelSection label{"value"};
  int64_t pixel_scale = 1;
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
        field<&TfRecordConfig::label>("How the label comes out of what the record holds."),
        field<&TfRecordConfig::pixel_scale>(
            "Pixel values are multiplied by it: 255 where they are 0 and 1 (dSprites).",
            in_range(1, 255)),
        field<&TfRecordConfig::class_names>(
            "File of class names, one a line in label order (empty: numbers).")};
  }
};

namespace {

class TfRecordPictures final : public Dataset {
 public:
  TfRecordPictures(std::shared_ptr<const Shards> shards, int64_t pixel_scale)
      : pictures_(std::move(shards)), pixel_scale_(pixel_scale) {}

  void add(std::string_view name, int64_t label, const Piece& picture, detail::ByteRange record) {
    pictures_.add(name, label, picture);
    records_.push_back(record);
  }

  int64_t size() const override { return pictures_.size(); }
  int64_t label(int64_t index) const override { return pictures_.label(index); }
  std::string name(int64_t index) const override { return pictures_.name(index); }
  std::string place(int64_t index) const override { return pictures_.place(index); }
  std::string version(int64_t index) const override {
    const std::string own = pictures_.version(index);
    return own.empty() || pixel_scale_ == 1 ? own : fmt::format("{} x{}", own, pixel_scale_);
  }

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
    return pixel_scale_ == 1 ? picture : scaled(picture);
  }

 private:
  Picture scaled(const Picture& picture) const {
    Image image = decode(picture);
    for (uint8_t& pixel : image.pixels) {
      pixel = static_cast<uint8_t>(std::min<int64_t>(255, pixel * pixel_scale_));
    }
    return raw_picture(picture.name, std::move(image));
  }

  ShardedPictures pictures_;
  std::vector<detail::ByteRange> records_;
  int64_t pixel_scale_;
};

// What the configured keys find in an Example; the first key that is there counts.
struct Example {
  std::optional<detail::ByteRange> image, name, text;  // text: the label, when it is one
  std::optional<int64_t> label;
  std::vector<std::optional<detail::ByteRange>> operands;  // those of the label's rule
};

// A record whose label is none, as in splits that were published without labels: those of the
// others are as good as ever.
struct NoLabel : DataError {
  using DataError::DataError;
};

class ExampleReader {
 public:
  explicit ExampleReader(const TfRecordConfig& config)
      : config_(config), rule_(config.label.build()), operands_(rule_->features()) {}

  // Throws NoLabel, and DataError for bytes that are no Example and features that are missing.
  Example read(detail::FileWindow& window, detail::ByteRange record) const {
    Example example = find(window, record);
    if (!example.image) missing(window, record, "picture", config_.image_keys, "data.image_keys");
    operands_.empty() ? label_from_label(window, record, example)
                      : label_from_features(window, record, example);
    return example;
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  Example find(detail::FileWindow& window, detail::ByteRange record) const {
    Example example;
    example.operands.resize(operands_.size());
    size_t image = kNone, name = kNone, label = kNone;  // places among the keys
    detail::walk_features(
        window, record, [&](const std::string& key, const detail::Feature& found) {
          if (found.bytes && is_better(config_.image_keys, key, image)) example.image = found.bytes;
          if (found.bytes && is_better(config_.name_keys, key, name)) example.name = found.bytes;
          for (size_t i = 0; i < operands_.size(); ++i) {
            if (operands_[i] == key) example.operands[i] = found.place;
          }
          const bool is_label = operands_.empty() && (found.integer || found.bytes);
          if (is_label && is_better(config_.label_keys, key, label)) {
            example.label = found.integer;
            example.text = found.bytes;
          }
        });
    return example;
  }

  // A name stays what it is.
  void label_from_label(detail::FileWindow& window, detail::ByteRange record,
                        Example& example) const {
    if (!example.label && !example.text) {
      missing(window, record, "label", config_.label_keys, "data.label_keys");
    }
    if (!example.label) return;
    if (*example.label < config_.label_offset) {
      throw NoLabel(fmt::format(
          "the record at byte {} of '{}' has the label {}, which is below data.label_offset ({})",
          record.begin, window.file().path().string(), *example.label, config_.label_offset));
    }
    example.label = in_record(
        window, record, [&] { return rule_->from_label(*example.label - config_.label_offset); });
  }

  void label_from_features(detail::FileWindow& window, detail::ByteRange record,
                           Example& example) const {
    std::vector<std::vector<double>> values;
    for (size_t i = 0; i < operands_.size(); ++i) {
      if (!example.operands[i]) {
        missing(window, record, "feature to make its label from", {operands_[i]}, "data.label");
      }
      values.push_back(detail::read_numbers(window, *example.operands[i]));
    }
    example.label = in_record(window, record, [&] { return rule_->from_features(values); });
  }

  // What `rule` says, errors with the place of the record.
  template <class Rule>
  static int64_t in_record(const detail::FileWindow& window, detail::ByteRange record,
                           const Rule& rule) {
    try {
      return rule();
    } catch (const DataError& error) {
      throw NoLabel(fmt::format("the record at byte {} of '{}' gives no label: {}", record.begin,
                                window.file().path().string(), error.what()));
    }
  }

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
  std::unique_ptr<LabelRule> rule_;
  std::vector<std::string> operands_;  // the features of the rule
};

// The files below a root. Those of TensorFlow Datasets are shuffled, and its slices ("train[:800]")
// are taken as the records lie; of others nobody knows.
struct RecordFiles {
  std::vector<ShardPlace> places;
  fs::path info;  // what TensorFlow Datasets says of them; "" when they are not its

  bool are_shuffled() const { return !info.empty(); }
};

class TfRecordSource final : public DataSource {
 public:
  TfRecordSource(const TfRecordConfig& config, const RecordFiles& files)
      : pixel_scale_(config.pixel_scale), are_shuffled_(files.are_shuffled()) {
    const std::vector<ShardPlace>& places = files.places;
    auto shards = std::make_shared<Shards>(Shards{config.root, {}});
    for (const ShardPlace& place : places) shards->files.emplace_back(place.path);
    shards_ = shards;
    const ExampleReader reader(config);
    for (size_t i = 0; i < places.size(); ++i) {
      read(static_cast<uint32_t>(i), places[i].split.empty() ? "train" : places[i].split, reader);
    }
    if (splits_.empty()) {
      throw DataError(fmt::format("'{}' holds no records", config.root.string()));
    }
    if (!files.info.empty()) require_whole(files.info);
    std::vector<std::string> names;
    if (!config.class_names.empty()) names = read_class_names(config.class_names);
    labels_.resolve(std::move(names));
    info_ = {"tfrecord", labels_.classes(), 3};
  }

  const DataInfo& info() const override { return info_; }
  bool sorted_by_class() const override { return !are_shuffled_; }
  std::vector<std::string> splits() const override { return splits_in_order(splits_); }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    VIT_CHECK(splits_.contains(split), "open() takes one of splits()");
    const auto problem = unlabelled_.find(split);
    if (problem != unlabelled_.end()) throw DataError(problem->second);
    auto pictures = std::make_unique<TfRecordPictures>(shards_, pixel_scale_);
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

  void require_whole(const fs::path& info) const {
    for (const auto& [split, expected] : records_in_tfds_info(info)) {
      const auto found = records_.find(split);
      if (found == records_.end() || found->second == expected) continue;
      throw DataError(fmt::format(
          "split '{}' of '{}' has {} records, but by {} it has {}\nget the data again", split,
          info.parent_path().string(), grouped(found->second), kTfdsInfo, grouped(expected)));
    }
  }

  void read(uint32_t shard, const std::string& split, const ExampleReader& reader) {
    constexpr int64_t kLongestText = 4096;
    detail::FileWindow window(shards_->files[shard]);
    int64_t number = 0;
    const auto text = [&](detail::ByteRange range) {
      return std::string(window.view(range.begin, std::min(range.size(), kLongestText)));
    };
    std::vector<Entry>& entries = splits_[split];
    detail::walk_records(window, [&](detail::ByteRange record) {
      Example example;
      const int64_t place = number++;
      try {
        example = reader.read(window, record);
      } catch (const NoLabel& error) {
        unlabelled_.try_emplace(split, error.what());
        return;
      }
      Entry entry{example.name ? text(*example.name) : std::to_string(place),
                  0,
                  {shard, example.image->begin, example.image->size()},
                  record};
      const std::string label =
          example.label ? std::to_string(*example.label) : text(*example.text);
      entry.label = labels_.add(label, split, shards_->name(shard) + "/" + entry.name);
      entries.push_back(std::move(entry));
    });
    records_[split] += number;
    if (entries.empty() && !unlabelled_.contains(split)) splits_.erase(split);
  }

  int64_t pixel_scale_;
  bool are_shuffled_;
  std::shared_ptr<const Shards> shards_;
  std::map<std::string, std::vector<Entry>> splits_;
  std::map<std::string, int64_t> records_;         // of each split, those without labels too
  std::map<std::string, std::string> unlabelled_;  // splits that cannot be opened, and why
  ClassLabels labels_;
  DataInfo info_;
};

// Shards often have no ending of their own: "train-00000-of-01024".
bool is_tfrecord_name(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.find(".tfrec") != std::string::npos || name.find("-of-") != std::string::npos;
}

// A slice of a set that is not whole is another slice. Elsewhere a part may be all that is wanted.
void require_all_shards(const fs::path& root, const RecordFiles& files) {
  const std::string missing = missing_shard(files.places);
  if (missing.empty()) return;
  const std::string text =
      fmt::format("'{}' is not in '{}', where others of its set are", missing, root.string());
  if (files.are_shuffled()) throw DataError(text + "\nget the data again");
  spdlog::warn("{}", text);
}

// TensorFlow Datasets calls its files NAME-SPLIT.tfrecord-00000-of-00005 and puts a
// dataset_info.json beside them. Splits may have any name there: svhn_cropped has `extra`.
RecordFiles find_record_files(const fs::path& root) {
  RecordFiles files{find_shards(root, is_tfrecord_name), {}};
  std::error_code unknown;
  const bool is_folder = fs::is_directory(root, unknown);
  const fs::path info = (is_folder ? root : root.parent_path()) / kTfdsInfo;
  if (fs::exists(info, unknown)) files.info = info;
  for (ShardPlace& place : files.places) {
    const std::string name = place.path.filename().string();
    const size_t end = name.find(".tfrecord-"), dash = name.rfind('-', end);
    const bool is_theirs = end != std::string::npos && dash != std::string::npos;
    if (!files.are_shuffled() || !is_theirs) continue;
    place.split = canonical_split(name.substr(dash + 1, end - dash - 1));
  }
  if (is_folder) require_all_shards(root, files);
  return files;
}

std::unique_ptr<DataSource> build_tfrecord(const TfRecordConfig& config) {
  const RecordFiles files = find_record_files(config.root);
  if (files.places.empty()) {
    throw DataError(
        fmt::format("data.root '{0}' holds no TFRecord files\nlooked for  {0}/*.tfrecord, "
                    "{0}/train-00000-of-01024, {0}/train/*.tfrecord and so on\n{1}",
                    config.root.string(), found_in(config.root)));
  }
  return std::make_unique<TfRecordSource>(config, files);
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
