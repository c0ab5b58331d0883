// Several data sets as one. Classes are united by name: those of the first source come first, in
// its order, then what each further source has beside them. A split is the sources' splits one
// after the other; which part of it training sees how often is said by the weights
// (vit/data/sampler.hpp).
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/labelled_files.hpp"

#include "datasets.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace vit {

struct MixtureSourceConfig {
  DataSection data;
  double weight = 0;
  bool validate = true;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&MixtureSourceConfig::data>(
            "The source, with its own train, val, exclude, fraction and count."),
        field<&MixtureSourceConfig::weight>(
            "Share of the examples that training sees, relative to the other sources' (0, for all: "
            "every example of every source once an epoch).",
            non_negative),
        field<&MixtureSourceConfig::validate>(
            "Whether its validation split is part of the mixture's; else all its 'train' is "
            "trained on.")};
  }
  void check(config::Problems& problems) const {
    const DataCommon &own = data.common(), usual;
    const auto for_all = [&](bool is_set, const char* key) {
      problems.require(!is_set, "data",
                       fmt::format("{0} holds for all sources: set data.{0}", key));
    };
    for_all(own.on_error != usual.on_error, "on_error");
    for_all(own.max_errors != usual.max_errors, "max_errors");
    for_all(own.exif_orientation != usual.exif_orientation, "exif_orientation");
    for_all(own.dct_scaling != usual.dct_scaling, "dct_scaling");
    for_all(own.repeats != usual.repeats, "repeats");
    for_all(!(own.cache == usual.cache), "cache");
    problems.require(validate || own.val.empty(), "data", "val is given, and validate is false");
  }
};

struct MixtureConfig {
  std::vector<MixtureSourceConfig> sources;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&MixtureConfig::sources>(
        "The sources; their classes are united by name, in the order they come.", not_empty)};
  }
  void check(config::Problems& problems) const {
    const auto weighted = std::count_if(sources.begin(), sources.end(),
                                        [](const auto& source) { return source.weight > 0; });
    problems.require(weighted == 0 || weighted == std::ssize(sources), "sources",
                     "must all have a weight, or none");
  }
};

namespace {

// The number of the class each name is, given on first sight.
class UnitedClasses {
 public:
  // The united labels of a source's own.
  std::vector<int64_t> add(const std::vector<std::string>& own) {
    std::vector<int64_t> labels;
    for (const std::string& name : own) {
      const auto [at, is_new] = numbers_.emplace(name, std::ssize(names_));
      if (is_new) names_.push_back(name);
      labels.push_back(at->second);
    }
    return labels;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int64_t> numbers_;
};

struct Part {
  std::unique_ptr<Dataset> set;
  size_t source = 0;
  double weight = 0;
};

// The splits of several sources one after the other.
class MixtureDataset final : public Dataset {
 public:
  explicit MixtureDataset(std::vector<Part> parts) : parts_(std::move(parts)) {
    for (const Part& part : parts_) {
      begins_.push_back(size_);
      size_ += part.set->size();
    }
  }

  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return set(index).label(within(index)); }
  Picture picture(int64_t index) const override { return set(index).picture(within(index)); }
  std::string place(int64_t index) const override { return set(index).place(within(index)); }
  std::string version(int64_t index) const override { return set(index).version(within(index)); }
  // "1/train/cat/7.jpg": sources are numbered as by --set data.sources.1.weight.
  std::string name(int64_t index) const override {
    return fmt::format("{}/{}", parts_[part(index)].source, set(index).name(within(index)));
  }

  std::vector<Stratum> strata() const override {
    std::vector<Stratum> all;
    bool is_plain = true;  // every example once an epoch
    for (const Part& part : parts_) {
      const std::vector<Stratum> own = part.set->strata();
      is_plain = is_plain && part.weight == 0 && own.size() == 1;
      const double whole = std::accumulate(
          own.begin(), own.end(), 0.0, [](double sum, const Stratum& s) { return sum + s.share; });
      const double share = part.weight > 0 ? part.weight : static_cast<double>(part.set->size());
      for (const Stratum& stratum : own) {
        all.push_back({stratum.size, share * stratum.share / whole});
      }
    }
    return is_plain ? Dataset::strata() : all;
  }

 private:
  size_t part(int64_t index) const {
    VIT_CHECK(index >= 0 && index < size_, "index out of range");
    const auto behind = std::upper_bound(begins_.begin(), begins_.end(), index);
    return static_cast<size_t>(behind - begins_.begin()) - 1;
  }
  const Dataset& set(int64_t index) const { return *parts_[part(index)].set; }
  int64_t within(int64_t index) const { return index - begins_[part(index)]; }

  std::vector<Part> parts_;
  std::vector<int64_t> begins_;
  int64_t size_ = 0;
};

void tell_shares(const std::vector<Part>& parts) {
  double weights = 0, examples = 0;
  for (const Part& part : parts) {
    weights += part.weight;
    examples += static_cast<double>(part.set->size());
  }
  for (const Part& part : parts) {
    if (part.weight == 0) return;
    const double share = part.weight / weights;
    const auto own = static_cast<double>(part.set->size());
    spdlog::info(
        "data.sources.{}: {} examples are {:.3g} % of training, each {:.3g} times an epoch",
        part.source, grouped(part.set->size()), 100 * share, examples * share / own);
  }
}

class MixtureSource final : public DataSource {
 public:
  explicit MixtureSource(const MixtureConfig& config) : config_(config) {
    info_ = {"mixture", {}, 1};
    UnitedClasses classes;
    for (const MixtureSourceConfig& source : config.sources) {
      const DataCommon& own = source.data.common();
      Opened opened{source.data.build(), {}, {}};
      opened.splits = source.validate ? resolve_splits(*opened.source, own.train, own.val)
                                      : SplitNames{own.train.empty() ? "train" : own.train, ""};
      opened.labels = classes.add(opened.source->info().classes);
      info_.channels = std::max(info_.channels, opened.source->info().channels);
      opened_.push_back(std::move(opened));
    }
    info_.classes = classes.names();
  }

  const DataInfo& info() const override { return info_; }
  bool sorted_by_class() const override { return true; }  // source by source, at any rate

  std::vector<std::string> splits() const override {
    std::map<std::string, int> names = {{"train", 0}};
    for (size_t i = 0; i < opened_.size(); ++i) {
      if (!config_.sources[i].validate) continue;
      names["val"];
      for (const std::string& name : opened_[i].source->splits()) names[canonical_split(name)];
    }
    return splits_in_order(names);
  }

  std::unique_ptr<Dataset> open(const std::string& split) const override {
    std::vector<Part> parts;
    for (size_t i = 0; i < opened_.size(); ++i) {
      std::unique_ptr<Dataset> set = open_one(i, split);
      if (set == nullptr) continue;
      parts.push_back({relabelled(std::move(set), opened_[i].labels), i,
                       split == "train" ? config_.sources[i].weight : 0});
    }
    VIT_CHECK(!parts.empty(), "open() takes one of splits()");
    if (split == "train") tell_shares(parts);
    return std::make_unique<MixtureDataset>(std::move(parts));
  }

 private:
  struct Opened {
    std::unique_ptr<DataSource> source;
    SplitNames splits;
    std::vector<int64_t> labels;  // the united ones of its own
  };

  // Null when the source has no part in this split.
  std::unique_ptr<Dataset> open_one(size_t i, const std::string& split) const {
    const Opened& opened = opened_[i];
    if (split == "train") {
      const DataCommon& own = config_.sources[i].data.common();
      return open_training_split(*opened.source, opened.splits.train, own);
    }
    if (!config_.sources[i].validate) return nullptr;
    if (split == "val") return open_split(*opened.source, opened.splits.val);
    for (const std::string& name : opened.source->splits()) {
      if (canonical_split(name) == split) return open_split(*opened.source, name);
    }
    return nullptr;
  }

  MixtureConfig config_;
  std::vector<Opened> opened_;
  DataInfo info_;
};

std::unique_ptr<DataSource> build_mixture(const MixtureConfig& config) {
  return std::make_unique<MixtureSource>(config);
}

}  // namespace

void add_mixture(Datasets::Catalog& datasets) {
  datasets.add<MixtureConfig>("mixture", "Several data sets as one, with weights.", build_mixture);
}

}  // namespace vit
