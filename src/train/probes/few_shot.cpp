// The few-shot probe: a linear classifier on k examples a class (Dosovitskiy et al. 2021, section
// 4.1; examples, seeds and arithmetic of big_vision's fewshot_lsr).
#include "few_shot.hpp"

#include "vit/core/error.hpp"
#include "vit/core/numpy_random.hpp"
#include "vit/train/probe.hpp"

#include "ridge.hpp"
#include "train/repeats.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace vit {

struct FewShotConfig {
  enum class Order { kRandom, kName };
  friend constexpr auto enum_names(Order) {
    return std::array{std::pair{"random", Order::kRandom}, std::pair{"name", Order::kName}};
  }

  std::vector<int64_t> shots = {1, 5, 10, 25};
  Order order = Order::kRandom;
  std::vector<double> l2 = {1024};
  std::vector<int64_t> seeds = {0, 1, 2};

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&FewShotConfig::shots>("Examples a class to learn from; each number is asked for.",
                                     positive, not_empty),
        field<&FewShotConfig::order>(
            "Which ones: random (by seed, the same as the public code takes, fewer among more), or "
            "name (the first by file name)."),
        field<&FewShotConfig::l2>("Strengths of the regularisation; each is asked for.", positive,
                                  not_empty),
        field<&FewShotConfig::seeds>("Of order: random; each is asked for.", non_negative,
                                     not_empty)};
  }
  void check(config::Problems& problems) const {
    problems.require(!has_repeats(shots), "shots", "has a number twice");
    problems.require(!has_repeats(l2), "l2", "has a strength twice");
    problems.require(!has_repeats(seeds), "seeds", "has a seed twice");
  }
};

ClassOrder grouped_by_class(const std::vector<int64_t>& labels, int64_t classes) {
  ClassOrder order(static_cast<size_t>(classes));
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < classes)
      order[static_cast<size_t>(labels[i])].push_back(static_cast<int64_t>(i));
  }
  return order;
}

ClassOrder shuffled(ClassOrder order, uint64_t seed) {
  NumpyRandom random(seed);
  for (std::vector<int64_t>& members : order) {
    std::vector<int64_t> places = random.permutation(static_cast<int64_t>(members.size()));
    for (int64_t& place : places) place = members[static_cast<size_t>(place)];
    members = std::move(places);
  }
  return order;
}

std::vector<int64_t> first_of_each(const ClassOrder& order, int64_t shots) {
  std::vector<int64_t> chosen;
  for (const std::vector<int64_t>& members : order) {
    const auto take = std::min(shots, static_cast<int64_t>(members.size()));
    chosen.insert(chosen.end(), members.begin(), members.begin() + take);
  }
  return chosen;
}

namespace {

void require_shots(const ClassOrder& order, int64_t shots, const ProbeData& data) {
  const auto has_members = [](const auto& members) { return !members.empty(); };
  const auto found = std::count_if(order.begin(), order.end(), has_members);
  if (found < 2) {
    throw DataError(fmt::format(
        "a few-shot probe tells classes apart, but split '{}' has {}\n"
        "name a split with labelled examples of two classes or more: --set few_shot.train=SPLIT",
        data.split, found == 0 ? "no labelled examples" : "examples of one class only"));
  }
  const auto fewest = std::min_element(
      order.begin(), order.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (static_cast<int64_t>(fewest->size()) >= shots) return;
  const auto index = static_cast<size_t>(fewest - order.begin());
  const std::string name =
      index < data.classes.size() ? data.classes[index] : std::to_string(index);
  const size_t n = fewest->size();
  throw DataError(fmt::format(
      "{} shot{} a class are asked for, but class '{}' has {} in split '{}'\nask for fewer shots, "
      "or "
      "learn from another split",
      shots, shots == 1 ? "" : "s", name,
      n == 0 ? "no example" : fmt::format("{} example{}", n, n == 1 ? "" : "s"), data.split));
}

class FewShot final : public Probe {
 public:
  FewShot(const FewShotConfig& config, const ProbeData& data)
      : l2_(config.l2), classes_(static_cast<int64_t>(data.classes.size())) {
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < data.train.size(); ++i) labels.push_back(data.train.label(i));
    const ClassOrder order = grouped_by_class(labels, classes_);
    require_shots(order, *std::max_element(config.shots.begin(), config.shots.end()), data);
    if (config.order == FewShotConfig::Order::kName) {
      add_choices(by_name(order, data.train), config.shots, std::nullopt);
    } else {
      for (const int64_t seed : config.seeds)
        add_choices(shuffled(order, static_cast<uint64_t>(seed)), config.shots, seed);
    }
    for (const Choice& choice : choices_)
      examples_.insert(examples_.end(), choice.places.begin(), choice.places.end());
    std::sort(examples_.begin(), examples_.end());
    examples_.erase(std::unique(examples_.begin(), examples_.end()), examples_.end());
  }

  const std::vector<int64_t>& examples() const override { return examples_; }

  std::vector<ProbeResult> ask(const Features& train, const Features& test) const override {
    const at::Tensor labelled = (test.labels >= 0).nonzero().squeeze(1);
    const at::Tensor queries = test.values.index_select(0, labelled),
                     wanted = test.labels.index_select(0, labelled);
    std::vector<ProbeResult> results;
    for (const Choice& choice : choices_) {
      const RidgeClassifier classifier = fit(train, choice);
      for (const double l2 : l2_) {
        const at::Tensor right = (classifier.predict(queries, l2) == wanted).sum();
        results.push_back({{{"shots", choice.shots}, {"seed", choice.seed}, {"l2", l2}},
                           wanted.numel(),
                           right.item<int64_t>()});
      }
    }
    return results;
  }

 private:
  struct Choice {
    int64_t shots = 0;
    std::optional<int64_t> seed;
    std::vector<int64_t> places;
  };

  static ClassOrder by_name(ClassOrder order, const Dataset& train) {
    for (std::vector<int64_t>& members : order) {
      std::vector<std::pair<std::string, int64_t>> named;
      for (const int64_t place : members) named.emplace_back(train.name(place), place);
      std::sort(named.begin(), named.end());
      std::transform(named.begin(), named.end(), members.begin(),
                     [](const auto& entry) { return entry.second; });
    }
    return order;
  }

  void add_choices(const ClassOrder& order, const std::vector<int64_t>& shots,
                   std::optional<int64_t> seed) {
    for (const int64_t k : shots) choices_.push_back({k, seed, first_of_each(order, k)});
  }

  // Without the examples whose pictures could not be read.
  RidgeClassifier fit(const Features& train, const Choice& choice) const {
    std::vector<int64_t> rows;
    for (const int64_t place : choice.places) {
      const auto row = std::lower_bound(examples_.begin(), examples_.end(), place);
      rows.push_back(row - examples_.begin());
    }
    at::Tensor index = at::tensor(rows);
    index = index.masked_select(train.labels.index_select(0, index) >= 0);
    if (index.numel() == 0)
      throw DataError("none of the pictures for a few-shot probe is readable");
    return {train.values.index_select(0, index), train.labels.index_select(0, index), classes_};
  }

  std::vector<double> l2_;
  int64_t classes_;
  std::vector<Choice> choices_;
  std::vector<int64_t> examples_;
};

// 2^from, ..., 2^to.
std::vector<double> powers_of_two(int from, int to) {
  std::vector<double> powers;
  for (int i = from; i <= to; ++i) powers.push_back(std::ldexp(1.0, i));
  return powers;
}

}  // namespace

void add_few_shot(Probes::Catalog& probes) {
  probes
      .add<FewShotConfig>(
          "few_shot",
          "A linear classifier on k examples a class, in closed form (Dosovitskiy et al. 2021).",
          [](const FewShotConfig& config, const ProbeData& data) {
            return std::make_unique<FewShot>(config, data);
          })
      .preset("few_shot_sweep", {.l2 = powers_of_two(-10, 19)},
              "Every strength of Scenic's sweep; with several data sets it takes, for each number "
              "of shots, the one of the best mean rank.");
}

}  // namespace vit
