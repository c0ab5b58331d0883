#include "train/sweep/data_check.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/dataset.hpp"
#include "vit/data/shared_examples.hpp"

#include "train/data_layer.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace vit {
namespace {

std::string text_of(const DataSection& data) { return config::write(DataLayer{data}); }

DataSection with_splits(DataSection data, const std::string& train, const std::string& val) {
  data.common().train = train;
  data.common().val = val;
  return data;
}

class SharedSet final : public Dataset {
 public:
  explicit SharedSet(std::shared_ptr<const Dataset> all) : all_(std::move(all)) {}

  int64_t size() const override { return all_->size(); }
  int64_t label(int64_t index) const override { return all_->label(index); }
  Picture picture(int64_t index) const override { return all_->picture(index); }
  std::string name(int64_t index) const override { return all_->name(index); }
  std::vector<Stratum> strata() const override { return all_->strata(); }

 private:
  std::shared_ptr<const Dataset> all_;
};

// Lists each split once, however many slices are taken of it: that takes seconds for a large
// folder.
class ListedOnce final : public DataSource {
 public:
  explicit ListedOnce(std::unique_ptr<DataSource> source) : source_(std::move(source)) {}

  const DataInfo& info() const override { return source_->info(); }
  std::vector<std::string> splits() const override { return source_->splits(); }
  bool sorted_by_class() const override { return source_->sorted_by_class(); }
  std::unique_ptr<Dataset> open(const std::string& split) const override {
    std::shared_ptr<const Dataset>& all = opened_[split];
    if (!all) all = source_->open(split);
    return std::make_unique<SharedSet>(all);
  }

 private:
  std::unique_ptr<DataSource> source_;
  mutable std::map<std::string, std::shared_ptr<const Dataset>> opened_;
};

// One of the splits of a selection.
struct Part {
  const char* key;
  const std::string& split;
  const Dataset& set;
};

// Cheapest with the smaller one first.
void require_apart(const Part& a, const Part& b) {
  const int64_t shared = shared_examples(a.set, b.set);
  if (shared == 0) return;
  throw DataError(fmt::format(
      "{} example{} both in {} '{}' and in {} '{}'\n"
      "what is trained on must not be compared or tested on: give splits that share none, such as "
      "train[:90%] and train[90%:]",
      grouped(shared), shared == 1 ? " is" : "s are", b.key, b.split, a.key, a.split));
}

class DataCheck {
 public:
  struct Sets {
    std::unique_ptr<Dataset> train, val;
  };

  // As assemble() does.
  const Sets& open(const DataSection& data) {
    Sets& sets = sets_[text_of(data)];
    if (sets.val) return sets;
    const DataSource& source = source_of(data);
    const DataCommon& common = data.common();
    const SplitNames splits = resolve_splits(source, common.train, common.val);
    sets.train = open_training_split(source, splits.train, common);
    sets.val = open_split(source, splits.val);
    return sets;
  }

  void require_splits_apart(const DataSection& data, const SelectConfig& select) {
    if (!apart_.insert(text_of(with_splits(data, "", ""))).second) return;
    const Sets& first = open(with_splits(data, select.train, select.val));
    const Part train{"select.train", select.train, *first.train};
    const Part val{"select.val", select.val, *first.val};
    require_apart(val, train);
    if (select.retrain.empty()) return;
    const Sets& last = open(with_splits(data, select.retrain, select.test));
    const Part retrain{"select.retrain", select.retrain, *last.train};
    const Part test{"select.test", select.test, *last.val};
    for (const Part* other : {&retrain, &train, &val}) require_apart(test, *other);
  }

 private:
  const DataSource& source_of(DataSection data) {
    data.common() = DataCommon();
    std::unique_ptr<DataSource>& source = sources_[text_of(data)];
    if (!source) source = std::make_unique<ListedOnce>(data.build());
    return *source;
  }

  std::map<std::string, std::unique_ptr<DataSource>> sources_;  // by text, without the common keys
  std::map<std::string, Sets> sets_;                            // by text
  std::set<std::string> apart_;                                 // the same without splits
};

}  // namespace

void check_data(const std::vector<const SweepRun*>& runs,
                const std::optional<SelectConfig>& select) {
  DataCheck check;
  for (const SweepRun* run : runs) {
    try {
      check.open(run->config.data);
      if (select) check.require_splits_apart(run->config.data, *select);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}\nfor the run '{}'", error.what(), run->point.name));
    }
  }
}

}  // namespace vit
