#include "train/sweep/grid.hpp"

#include "vit/core/files.hpp"
#include "vit/core/text.hpp"

#include "train/judged_once.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace vit {
namespace {

constexpr size_t kMostPoints = 10'000;
constexpr size_t kLongestValue = 40, kLongestName = 200;

using config::Yaml;

struct Choice {
  std::string label;  // as it was written
  std::string name;   // for folders
  std::vector<Assignment> assignments;
};

struct Axis {
  std::string name;
  std::vector<Choice> choices;
};

Assignment assignment(const std::string& key, const Yaml& value) {
  return {key, value.text(), value.origin().place, value.folder()};
}

Assignment set_by_select(const std::string& key, const std::string& value) {
  return {key, nlohmann::json(value).dump(), "select", {}};
}

std::string mark_of(const std::string& text) { return "~" + checksum(text).substr(0, 6); }

// `text` for the name of a folder. What was cut off leaves a mark, so that names stay apart.
std::string safe(const std::string& text, size_t longest) {
  constexpr std::string_view kSafe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-=,~";
  std::string result;
  for (const char c : text) {
    const bool is_safe = kSafe.find(c) != std::string_view::npos;
    const bool is_gap = result.empty() || result.ends_with('-');
    if (is_safe || !is_gap) result += is_safe ? c : '-';
  }
  while (result.size() > 1 && result.ends_with('-')) result.pop_back();
  return result.size() <= longest ? result : result.substr(0, longest - 7) + mark_of(text);
}

// "lr" of "schedule.lr", "model" of "model.name".
std::string short_name(const std::string& key) {
  constexpr std::string_view kName = ".name";
  const std::string section = key.ends_with(kName) ? key.substr(0, key.size() - kName.size()) : key;
  return section.substr(section.rfind('.') + 1);
}

class Grid {
 public:
  explicit Grid(const SweepConfig& config) : config_(config) {}

  std::vector<SweepPoint> points() {
    for (const auto& [name, value] : config_.axes.entries()) axes_.push_back(axis(name, value));
    for (const auto& [key, value] : config_.set.entries()) refuse_splits(key, value, "set." + key);
    if (problems_.empty()) check_count();
    if (!problems_.empty()) throw config::InvalidConfig(problems_);
    SweepPoint start;
    for (const auto& [key, value] : config_.set.entries())
      start.assignments.push_back(assignment(key, value));
    extend(start, 0);
    return std::move(points_);
  }

 private:
  void refuse(const Yaml& value, const std::string& axis, const std::string& text) {
    problems_.add({value.origin(), "axes." + axis, text});
  }

  Axis axis(const std::string& name, const Yaml& value) {
    Axis axis{name, {}};
    const size_t problems_before = problems_.size();
    const auto refuse_splits_once = [&](const std::string& key, const Yaml& set) {
      if (problems_.size() == problems_before) refuse_splits(key, set, "axes." + name);
    };
    if (name == "seed") refuse(value, name, "write seeds: [0, 1, 2] beside the axes");
    for (const Yaml& item : value.items()) {
      refuse_splits_once(name, item);
      axis.choices.push_back({item.kind() == Yaml::Kind::kScalar ? item.scalar() : item.text(),
                              "",
                              {assignment(name, item)}});
    }
    for (const auto& [label, keys] : value.entries()) {
      Choice choice{label, "", {}};
      for (const auto& [key, text] : keys.entries()) {
        refuse_splits_once(key, text);
        choice.assignments.push_back(assignment(key, text));
      }
      if (choice.assignments.empty())
        refuse(keys, name + "." + label,
               "expected the keys this choice sets, {model.width: 64}, got " + keys.what());
      axis.choices.push_back(std::move(choice));
    }
    if (value.kind() == Yaml::Kind::kScalar) {
      refuse(value, name,
             "expected a list of values or named choices, got " + value.what() + "; write [" +
                 value.scalar() + "]");
    } else if (axis.choices.empty()) {
      refuse(value, name, "has no values: an empty grid");
    }
    name_choices(axis);
    return axis;
  }

  // Which splits the points see is the selection's to say.
  void refuse_splits(const std::string& key, const Yaml& value, const std::string& path) {
    if (!config_.select) return;
    if (key == "data") {
      for (const auto& [name, text] : value.entries()) refuse_splits("data." + name, text, path);
    }
    if (key == "data.train" || key == "data.val")
      problems_.add({value.origin(), path, key + " is decided by select.train and select.val"});
  }

  // Names that came out alike get a mark, but the first of them: it was there before.
  static void name_choices(Axis& axis) {
    for (size_t i = 0; i < axis.choices.size(); ++i) {
      Choice& choice = axis.choices[i];
      choice.name = safe(choice.label, kLongestValue);
      const auto before = axis.choices.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::any_of(axis.choices.begin(), before,
                      [&](const Choice& other) { return other.name == choice.name; })) {
        choice.name += mark_of(choice.label);
      }
    }
  }

  void check_count() {
    size_t count = std::max<size_t>(1, config_.seeds.size());
    for (const Axis& axis : axes_) {
      count *= axis.choices.size();
      if (count > kMostPoints) {
        problems_.add({config_.axes.origin(), "axes",
                       fmt::format("a grid of more than {} points", kMostPoints)});
        return;
      }
    }
  }

  std::string name_of(const Axis& axis) const {
    const std::string name = short_name(axis.name);
    const auto same = std::count_if(axes_.begin(), axes_.end(), [&](const Axis& other) {
      return short_name(other.name) == name;
    });
    return safe(same == 1 && name != "seed" ? name : axis.name, kLongestValue);
  }

  void extend(const SweepPoint& so_far, size_t depth) {
    if (depth == axes_.size()) return finish(so_far);
    const Axis& axis = axes_[depth];
    for (const Choice& choice : axis.choices) {
      SweepPoint point = so_far;
      point.group += (point.group.empty() ? "" : ",") + name_of(axis) + "=" + choice.name;
      point.values.emplace_back(axis.name, choice.label);
      point.assignments.insert(point.assignments.end(), choice.assignments.begin(),
                               choice.assignments.end());
      extend(point, depth + 1);
    }
  }

  void finish(SweepPoint point);

  const SweepConfig& config_;
  config::Problems problems_;
  std::vector<Axis> axes_;
  std::vector<SweepPoint> points_;
};

std::string with_seed(const std::string& group, int64_t seed) {
  return fmt::format("{}{}seed={}", group, group.empty() ? "" : ",", seed);
}

Assignment seed_assignment(int64_t seed) { return {"seed", std::to_string(seed), "seeds", {}}; }

void Grid::finish(SweepPoint point) {
  if (point.group.size() > kLongestName - 30) point.group = safe(point.group, kLongestName - 30);
  if (config_.select) {
    point.assignments.push_back(set_by_select("data.train", config_.select->train));
    point.assignments.push_back(set_by_select("data.val", config_.select->val));
  }
  point.name = point.group;
  if (config_.seeds.empty()) return points_.push_back(std::move(point));
  for (const int64_t seed : config_.seeds) {
    SweepPoint run = point;
    run.seed = seed;
    run.name = with_seed(point.group, seed);
    run.assignments.push_back(seed_assignment(seed));
    points_.push_back(std::move(run));
  }
}

}  // namespace

std::vector<SweepPoint> grid_of(const SweepConfig& config) { return Grid(config).points(); }

std::vector<SweepPoint> final_points(const SelectConfig& select, const SweepPoint& chosen) {
  std::vector<SweepPoint> points;
  if (select.retrain.empty()) return points;
  SweepPoint start = chosen;
  start.assignments.push_back(set_by_select("data.train", select.retrain));
  start.assignments.push_back(set_by_select("data.val", select.test));
  for (const auto& [key, text] : kJudgedOnce)
    start.assignments.push_back({key, text, "select", {}});
  for (const int64_t seed : select.seeds) {
    SweepPoint point = start;
    point.seed = seed;
    point.name = "final/" + with_seed(chosen.group, seed);
    point.assignments.push_back(seed_assignment(seed));
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace vit
