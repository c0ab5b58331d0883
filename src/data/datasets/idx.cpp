// MNIST and its relatives: four IDX files, gray pictures, splits train and test.
#include "vit/core/error.hpp"

#include "datasets.hpp"
#include "idx_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace vit {
struct IdxConfig {
  std::filesystem::path root = {};
  std::vector<std::string> classes = {};
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&IdxConfig::root>("Folder of train-images-idx3-ubyte[.gz] and its companions.",
                                not_empty),
        field<&IdxConfig::classes>(
            "Names of the classes in label order (empty: known ones, else numbers).")};
  }
};

namespace {

std::vector<std::string> fashion_classes() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
}

struct FilePrefix {
  const char* split;
  const char* prefix;
};
constexpr std::array kSplits = {FilePrefix{"train", "train"}, FilePrefix{"test", "t10k"}};

// The file of `what` ("images" or "labels"), under any of the names that are about; empty when
// there is none.
fs::path find_file(const fs::path& folder, const std::string& prefix, const std::string& what) {
  const std::string type = what == "images" ? "idx3-ubyte" : "idx1-ubyte";
  for (const char* separator : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      std::error_code ignored;
      fs::path path = folder / (prefix + "-" + what + separator + type + ending);
      if (fs::is_regular_file(path, ignored)) return path;
    }
  }
  return {};
}

struct IdxSplit {
  fs::path image_path;
  std::vector<int64_t> sizes;  // examples, height, width
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> labels;
};

class IdxDataset final : public Dataset {
 public:
  explicit IdxDataset(std::shared_ptr<const IdxSplit> split) : split_(std::move(split)) {
    std::string file = split_->image_path.filename().string();
    if (file.ends_with(".gz")) file.resize(file.size() - 3);
    file_ = file;
  }

  int64_t size() const override { return split_->sizes[0]; }
  int64_t label(int64_t index) const override {
    return split_->labels.at(static_cast<size_t>(index));
  }
  std::string name(int64_t index) const override { return fmt::format("{}[{}]", file_, index); }

  Picture picture(int64_t index) const override {
    VIT_CHECK(index >= 0 && index < size(), "index out of range");
    Image image(split_->sizes[1], split_->sizes[2], 1);
    const auto bytes = static_cast<int64_t>(image.pixels.size());
    std::copy_n(split_->pixels.begin() + index * bytes, bytes, image.pixels.begin());
    return raw_picture(name(index), std::move(image));
  }

 private:
  std::shared_ptr<const IdxSplit> split_;
  std::string file_;
};

// Sets that are known by their first labels, whatever the folder is called.
struct KnownSet {
  const char* kind;
  std::array<uint8_t, 12> first_labels;
};
constexpr std::array kKnownSets = {KnownSet{"mnist", {5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5}},
                                   KnownSet{"fashion_mnist", {9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9}}};

std::string kind_of(const std::vector<uint8_t>& labels) {
  for (const KnownSet& known : kKnownSets) {
    if (labels.size() >= known.first_labels.size() &&
        std::equal(known.first_labels.begin(), known.first_labels.end(), labels.begin())) {
      return known.kind;
    }
  }
  return "idx";
}

class IdxSource final : public DataSource {
 public:
  explicit IdxSource(const IdxConfig& config) : root_(config.root) {
    require_folder(root_);
    for (const auto& [split, prefix] : kSplits) {
      const fs::path path = find_file(root_, prefix, "labels");
      if (!path.empty()) labels_[split] = read_idx(path, 1).bytes;
    }
    if (labels_.empty()) {
      throw DataError(fmt::format(
          "data.root '{0}' has no IDX files\nlooked for  {0}/train-labels-idx1-ubyte[.gz]\n{1}",
          root_.string(), found_in(root_)));
    }
    const auto& labels = labels_.contains("train") ? labels_.at("train") : labels_.at("test");
    info_ = {kind_of(labels), config.classes, 1};
    if (info_.classes.empty()) info_.classes = classes_of(labels);
    for (const std::string& split : splits()) check_labels(split, labels_.at(split));
  }

  const DataInfo& info() const override { return info_; }

  std::vector<std::string> splits() const override {
    std::vector<std::string> names;
    for (const auto& [split, prefix] : kSplits) {
      if (labels_.contains(split)) names.push_back(split);
    }
    return names;
  }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    VIT_CHECK(labels_.contains(split), "open() takes one of splits()");
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const IdxSplit> data =
        opened_[split].lock();  // slices of one split share the pixels
    if (!data) {
      data = read_split(split);
      opened_[split] = data;
    }
    return std::make_unique<IdxDataset>(std::move(data));
  }

 private:
  std::vector<std::string> classes_of(const std::vector<uint8_t>& labels) const;
  void check_labels(const std::string& split, const std::vector<uint8_t>& labels) const;
  std::shared_ptr<const IdxSplit> read_split(const std::string& split) const;

  fs::path root_;
  DataInfo info_;
  std::map<std::string, std::vector<uint8_t>> labels_;  // by split
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::weak_ptr<const IdxSplit>> opened_;
};

const char* prefix_of(const std::string& split) { return split == "train" ? "train" : "t10k"; }

std::vector<std::string> IdxSource::classes_of(const std::vector<uint8_t>& labels) const {
  if (info_.kind == "fashion_mnist") return fashion_classes();
  if (info_.kind == "mnist") return numbered_classes(10);
  // Unknown data: as many classes as the labels say. A stray byte would invent classes, so numbers
  // above 9 must leave no gap.
  std::array<bool, 256> used{};
  for (const uint8_t label : labels) used[label] = true;
  const auto last = std::find(used.rbegin(), used.rend(), true).base();
  const auto first = std::find(used.begin(), last, true);
  const auto gap = std::find(first, last, false);
  const int64_t count = last - used.begin();
  if (count > 10 && gap != last) {
    throw DataError(
        fmt::format("labels out of range in '{}': {} occurs, but {} does not\n"
                    "if there are so many classes, name them in data.classes",
                    root_.string(), count - 1, gap - used.begin()));
  }
  return numbered_classes(count);
}

void IdxSource::check_labels(const std::string& split, const std::vector<uint8_t>& labels) const {
  const auto wrong = std::find_if(labels.begin(), labels.end(),
                                  [&](uint8_t l) { return l >= info_.classes.size(); });
  if (wrong == labels.end()) return;
  throw DataError(
      fmt::format("label out of range in '{}': example {} has label {}, but there are {} classes\n"
                  "name the classes in data.classes, or get the file again",
                  find_file(root_, prefix_of(split), "labels").string(), wrong - labels.begin(),
                  *wrong, info_.classes.size()));
}

std::shared_ptr<const IdxSplit> IdxSource::read_split(const std::string& split) const {
  const std::string prefix = prefix_of(split);
  const fs::path path = find_file(root_, prefix, "images");
  if (path.empty()) {
    throw DataError(
        fmt::format("data.root '{0}' has labels but no images for split '{1}'\n"
                    "looked for  {0}/{2}-images-idx3-ubyte[.gz]\n{3}",
                    root_.string(), split, prefix, found_in(root_)));
  }
  IdxFile images = read_idx(path, 3);
  const std::vector<uint8_t>& labels = labels_.at(split);
  if (images.sizes[0] != static_cast<int64_t>(labels.size())) {
    throw DataError(fmt::format(
        "'{}' holds {} images, but '{}' holds {} labels\nget both files again, from one source",
        path.string(), images.sizes[0], find_file(root_, prefix, "labels").filename().string(),
        labels.size()));
  }
  return std::make_shared<IdxSplit>(
      IdxSplit{path, std::move(images.sizes), std::move(images.bytes), labels});
}

std::unique_ptr<DataSource> build_idx(const IdxConfig& config) {
  return std::make_unique<IdxSource>(config);
}

}  // namespace

bool holds_idx(const fs::path& folder) {
  return std::any_of(kSplits.begin(), kSplits.end(), [&](const FilePrefix& split) {
    return !find_file(folder, split.prefix, "images").empty() ||
           !find_file(folder, split.prefix, "labels").empty();
  });
}

void add_idx(Datasets::Catalog& datasets) {
  datasets
      .add<IdxConfig>("idx", "MNIST and its relatives: four IDX files, plain or gzip.", build_idx)
      .preset("mnist", {.classes = numbered_classes(10)}, "Handwritten digits (LeCun et al. 1998).")
      .preset("fashion_mnist",
              {.root = "/usr/share/datasets/fashion-mnist",
               .classes = fashion_classes()},  // dataset-fashion-mnist of Debian
              "Clothing in place of digits (Xiao et al. 2017).");
}

}  // namespace vit
