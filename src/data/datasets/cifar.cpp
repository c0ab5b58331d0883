// CIFAR-10 and CIFAR-100 in their binary versions (Krizhevsky 2009): records of label byte(s) and 3
// planes of 32 x 32.
#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "datasets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace vit {

struct CifarConfig {
  std::filesystem::path root = {};
  int64_t classes = 0;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&CifarConfig::root>(
            "Folder of data_batch_1.bin .. (CIFAR-10) or train.bin, test.bin (CIFAR-100).",
            not_empty),
        field<&CifarConfig::classes>("10 or 100 (0: whichever lies in the folder).")};
  }
  void check(config::Problems& problems) const {
    problems.require(classes == 0 || classes == 10 || classes == 100, "classes",
                     "must be 10, 100 or 0");
  }
};

namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kPlane = kSide * kSide;

// What distinguishes the two sets.
struct Variant {
  const char* kind;
  const char* folder;   // the one inside the archive
  int64_t label_bytes;  // the last of them is the class used
  int64_t classes;
  int64_t coarse_classes;  // of the first label byte when there are two
  std::vector<std::string> train_files, test_files;
  const char* names_file;
  std::vector<std::string> names;  // when names_file is missing

  int64_t record() const { return label_bytes + 3 * kPlane; }
};

const std::vector<Variant>& variants() {
  static const std::vector<Variant> both = {
      {"cifar10",
       "cifar-10-batches-bin",
       1,
       10,
       0,
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
        "data_batch_5.bin"},
       {"test_batch.bin"},
       "batches.meta.txt",
       {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}},
      {"cifar100",
       "cifar-100-binary",
       2,
       100,
       20,
       {"train.bin"},
       {"test.bin"},
       "fine_label_names.txt",
       numbered_classes(100)}};
  return both;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool any_file(const fs::path& folder, const std::vector<std::string>& files) {
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return is_file(folder / file); });
}

// The folder of this variant's files: `root` or the archive's folder within it; empty when neither
// has any.
fs::path place_of(const Variant& variant, const fs::path& root) {
  for (const fs::path& folder : {root, root / variant.folder}) {
    if (any_file(folder, variant.train_files) || any_file(folder, variant.test_files))
      return folder;
  }
  return {};
}

class CifarDataset final : public Dataset {
 public:
  CifarDataset(const Variant& variant, const fs::path& folder,
               const std::vector<std::string>& files)
      : variant_(variant) {
    for (const std::string& file : files) {
      files_.emplace_back(folder / file);
      check(files_.back());
      ends_.push_back(size() +
                      static_cast<int64_t>(files_.back().bytes().size()) / variant_.record());
    }
  }

  int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  int64_t label(int64_t index) const override { return at(index).record[variant_.label_bytes - 1]; }

  std::string name(int64_t index) const override {
    const Place place = at(index);
    return fmt::format("{}[{}]", files_[place.file].path().filename().string(), place.number);
  }

  Picture picture(int64_t index) const override {
    const uint8_t* planes = at(index).record + variant_.label_bytes;
    Image image(kSide, kSide, 3);
    for (int64_t i = 0; i < kPlane; ++i) {
      for (int64_t c = 0; c < 3; ++c)
        image.pixels[static_cast<size_t>(3 * i + c)] = planes[c * kPlane + i];
    }
    return raw_picture(name(index), std::move(image));
  }

 private:
  struct Place {
    size_t file;
    int64_t number;  // within the file
    const uint8_t* record;
  };

  Place at(int64_t index) const {
    VIT_CHECK(index >= 0 && index < size(), "index out of range");
    const auto file =
        static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
    const int64_t number = index - (file == 0 ? 0 : ends_[file - 1]);
    return {
        file, number,
        reinterpret_cast<const uint8_t*>(files_[file].bytes().data()) + number * variant_.record()};
  }

  void check(const MappedFile& file) const;

  const Variant& variant_;
  std::vector<MappedFile> files_;
  std::vector<int64_t> ends_;  // examples up to and including each file
};

void CifarDataset::check(const MappedFile& file) const {
  const auto size = static_cast<int64_t>(file.bytes().size());
  if (size == 0 || size % variant_.record() != 0) {
    throw DataError(
        fmt::format("'{}' has the wrong length: {} bytes are no whole number of {}-byte records\n"
                    "unpack the archive again",
                    file.path().string(), size, variant_.record()));
  }
  for (int64_t start = 0; start < size; start += variant_.record()) {
    const auto byte = [&](int64_t i) {
      return static_cast<uint8_t>(file.bytes()[static_cast<size_t>(start + i)]);
    };
    const int64_t label = byte(variant_.label_bytes - 1);
    const int64_t coarse = variant_.coarse_classes > 0 ? byte(0) : -1;
    if (label < variant_.classes && coarse < variant_.coarse_classes) continue;
    throw DataError(fmt::format(
        "label out of range in '{}': example {} has label {}, but there are {} classes\nget the "
        "file again",
        file.path().string(), start / variant_.record(), label < variant_.classes ? coarse : label,
        label < variant_.classes ? variant_.coarse_classes : variant_.classes));
  }
}

std::vector<std::string> read_class_names(const Variant& variant, const fs::path& folder) {
  const fs::path path = folder / variant.names_file;
  if (!is_file(path)) return variant.names;
  std::vector<std::string> names;
  std::string line;
  for (const char c : read_text(path) + "\n") {
    if (c == '\r') continue;
    if (c != '\n') {
      line += c;
    } else if (!line.empty()) {
      names.push_back(std::move(line));
      line.clear();
    }
  }
  if (static_cast<int64_t>(names.size()) == variant.classes) return names;
  throw DataError(fmt::format("'{}' names {} classes, {} are expected", path.string(), names.size(),
                              variant.classes));
}

class CifarSource final : public DataSource {
 public:
  CifarSource(const Variant& variant, fs::path folder)
      : variant_(variant), folder_(std::move(folder)) {
    info_ = {variant.kind, read_class_names(variant, folder_), 3};
  }

  const DataInfo& info() const override { return info_; }

  std::vector<std::string> splits() const override {
    std::vector<std::string> names;
    if (any_file(folder_, variant_.train_files)) names.push_back("train");
    if (any_file(folder_, variant_.test_files)) names.push_back("test");
    return names;
  }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    const std::vector<std::string>& files =
        split == "train" ? variant_.train_files : variant_.test_files;
    std::vector<std::string> missing;
    for (const std::string& file : files) {
      if (!is_file(folder_ / file)) missing.push_back(file);
    }
    if (missing.empty()) return std::make_unique<CifarDataset>(variant_, folder_, files);
    throw DataError(fmt::format(
        "split '{}' in '{}' is incomplete: {} missing\nunpack the archive again", split,
        folder_.string(), join_words(missing) + (missing.size() == 1 ? " is" : " are")));
  }

 private:
  const Variant& variant_;
  fs::path folder_;
  DataInfo info_;
};

std::unique_ptr<DataSource> build_cifar(const CifarConfig& config) {
  require_folder(config.root);
  for (const Variant& variant : variants()) {
    const bool wanted = config.classes == 0 || config.classes == variant.classes;
    const fs::path folder = wanted ? place_of(variant, config.root) : fs::path();
    if (!folder.empty()) return std::make_unique<CifarSource>(variant, folder);
  }
  const char* files = config.classes == 10 ? "data_batch_1.bin .. data_batch_5.bin, test_batch.bin"
                      : config.classes == 100
                          ? "train.bin, test.bin"
                          : "data_batch_1.bin .. (CIFAR-10) or train.bin (CIFAR-100)";
  throw DataError(fmt::format("data.root '{0}' has no CIFAR binary files\nlooked for  {0}/{1}\n{2}",
                              config.root.string(), files, found_in(config.root)));
}

}  // namespace

bool holds_cifar(const fs::path& folder) {
  return std::any_of(variants().begin(), variants().end(),
                     [&](const Variant& variant) { return !place_of(variant, folder).empty(); });
}

void add_cifar(Datasets::Catalog& datasets) {
  datasets
      .add<CifarConfig>("cifar", "CIFAR-10 or CIFAR-100, binary version (Krizhevsky 2009).",
                        build_cifar)
      .preset("cifar10", {.classes = 10}, "The set of 10 classes.")
      .preset("cifar100", {.classes = 100}, "The set of 100 classes (fine labels).");
}

}  // namespace vit
