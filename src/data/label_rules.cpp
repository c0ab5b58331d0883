// The list of label rules.
#include "vit/core/error.hpp"
#include "vit/data/label_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

namespace vit {

int64_t LabelRule::from_features(const std::vector<std::vector<double>>&) const {
  VIT_CHECK(false, "this rule has no features");
}

namespace {

struct ValueConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

struct BinsConfig {
  int64_t values = 0;
  int64_t bins = 0;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&BinsConfig::values>("Labels there are: 0 to this minus 1.", positive),
        field<&BinsConfig::bins>("Classes they become, each of values / bins of them.", positive)};
  }
  void check(config::Problems& problems) const {
    problems.require(bins <= values, "bins", "cannot be more than values");
  }
};

class Bins final : public LabelRule {
 public:
  explicit Bins(const BinsConfig& config) : config_(config) {}

  // floor(label / (values / bins)) without rounding: 40 labels in 16 bins are 2.5 a bin.
  int64_t from_label(int64_t label) const override {
    if (label < 0 || label >= config_.values) {
      throw DataError(fmt::format("the label {} is none of the {} of data.label.values", label,
                                  config_.values));
    }
    return label * config_.bins / config_.values;
  }

 private:
  BinsConfig config_;
};

struct CountConfig {
  std::string feature;
  int64_t offset = 0;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&CountConfig::feature>("Feature with one number for each object.", not_empty),
        field<&CountConfig::offset>("Subtracted: the smallest number of objects there is.")};
  }
};

class Count final : public LabelRule {
 public:
  explicit Count(CountConfig config) : config_(std::move(config)) {}

  std::vector<std::string> features() const override { return {config_.feature}; }
  int64_t from_features(const std::vector<std::vector<double>>& values) const override {
    const auto count = static_cast<int64_t>(values.at(0).size());
    if (count < config_.offset) {
      throw DataError(fmt::format("the feature {} has {} values, less than data.label.offset ({})",
                                  config_.feature, count, config_.offset));
    }
    return count - config_.offset;
  }

 private:
  CountConfig config_;
};

struct NearestConfig {
  std::string feature;
  int64_t columns = 1;
  int64_t column = 0;
  std::vector<double> edges;
  std::optional<double> limit;
  std::string kinds;
  int64_t kinds_below = 0;
  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&NearestConfig::feature>("Feature with `columns` numbers for each object.",
                                       not_empty),
        field<&NearestConfig::columns>("Numbers an object has there.", positive),
        field<&NearestConfig::column>("Which of them counts, from 0.", non_negative),
        field<&NearestConfig::edges>(
            "Ascending; the class is the number of the last one that the smallest value is above.",
            not_empty),
        field<&NearestConfig::limit>(
            "The value when no object has a smaller one (null: there must be an object)."),
        field<&NearestConfig::kinds>(
            "Feature with the kind of each object (empty: all objects count)."),
        field<&NearestConfig::kinds_below>("Objects whose kind is below this number count.",
                                           non_negative)};
  }
  void check(config::Problems& problems) const {
    problems.require(column < columns, "column", "must be below columns");
    problems.require(std::is_sorted(edges.begin(), edges.end()), "edges", "must ascend");
    problems.require(kinds.empty() || kinds_below > 0, "kinds_below",
                     "must be above 0 when kinds is given: no object would count");
  }
};

class Nearest final : public LabelRule {
 public:
  explicit Nearest(NearestConfig config) : config_(std::move(config)) {}

  std::vector<std::string> features() const override {
    if (config_.kinds.empty()) return {config_.feature};
    return {config_.feature, config_.kinds};
  }

  int64_t from_features(const std::vector<std::vector<double>>& values) const override {
    const auto columns = static_cast<size_t>(config_.columns);
    const size_t objects = values.at(0).size() / columns;
    if (values[0].size() % columns != 0 || (values.size() > 1 && values[1].size() != objects)) {
      throw DataError(fmt::format("the feature {} has {} values, which are not {} for each object",
                                  config_.feature, values[0].size(), config_.columns));
    }
    std::optional<double> smallest = config_.limit;
    for (size_t i = 0; i < objects; ++i) {
      if (values.size() > 1 && !(values[1][i] < static_cast<double>(config_.kinds_below))) continue;
      const double value = values[0][i * columns + static_cast<size_t>(config_.column)];
      smallest = std::min(value, smallest.value_or(value));
    }
    return bin_of(smallest);
  }

 private:
  int64_t bin_of(std::optional<double> value) const {
    if (!value) throw DataError("it has no object, and data.label.limit is not given");
    const auto above = std::lower_bound(config_.edges.begin(), config_.edges.end(), *value);
    if (above == config_.edges.begin()) {
      throw DataError(fmt::format("{} of the feature {} is not above the first of the edges ({})",
                                  *value, config_.feature, config_.edges.front()));
    }
    return above - config_.edges.begin() - 1;
  }

  NearestConfig config_;
};

}  // namespace

const LabelRules::Catalog& LabelRules::catalog() {
  static const Catalog all = [] {
    Catalog rules("label rule");
    rules.add<ValueConfig>("value", "The label as it is there.",
                           [](const ValueConfig&) { return std::make_unique<LabelRule>(); });
    rules.add<BinsConfig>("bins", "A fine label in coarser steps.",
                          [](const BinsConfig& c) { return std::make_unique<Bins>(c); });
    rules.add<CountConfig>("count", "How many objects there are.",
                           [](const CountConfig& c) { return std::make_unique<Count>(c); });
    rules.add<NearestConfig>("nearest", "The smallest value among the objects, in bins.",
                             [](const NearestConfig& c) { return std::make_unique<Nearest>(c); });
    return rules;
  }();
  return all;
}

}  // namespace vit
