#include "summary_plots.hpp"

#include "vit/core/text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace vit {
namespace {

bool has_trunk(const RunFacts& run) {
  return std::ranges::any_of(run.settings, [](const std::pair<std::string, std::string>& setting) {
    return setting.first.starts_with("model.trunk.");
  });
}

// "hybrid", or the first part of the model's name: "vit", "bit", "deit".
std::string family_of(const RunFacts& run) {
  return has_trunk(run) ? "hybrid" : run.model.substr(0, run.model.find('_'));
}

// A number for every different text, in the order of their first coming.
class Numbering {
 public:
  size_t operator()(const std::string& text) {
    const auto at = std::ranges::find(known_, text);
    if (at != known_.end()) return static_cast<size_t>(at - known_.begin());
    known_.push_back(text);
    return known_.size() - 1;
  }

 private:
  std::vector<std::string> known_;
};

// What two names of a sweep's runs ("images=5,model=R-S") have in common; "" when that is nothing.
std::string common_name(const std::string& a, const std::string& b) {
  const std::vector<std::string> of_a = csv_fields(a).value_or(std::vector{a});
  std::vector<std::string> parts = csv_fields(b).value_or(std::vector{b});
  std::erase_if(
      parts, [&](const std::string& part) { return std::ranges::find(of_a, part) == of_a.end(); });
  return join(parts, ",");
}

// Without the "model=" that all of them begin with.
void shorten(std::vector<Series>& series) {
  constexpr std::string_view kHead = "model=";
  if (!std::ranges::all_of(series, [&](const Series& s) { return s.name.starts_with(kHead); }))
    return;
  for (Series& each : series) each.name.erase(0, kHead.size());
}

// The mean of what was added at each x.
class Means {
 public:
  void add(double x, double y) {
    auto& [sum, n] = at_[x];
    sum += y;
    n += 1;
  }
  Curve curve() const {
    Curve points;
    for (const auto& [x, value] : at_) points.emplace_back(x, value.first / value.second);
    return points;
  }

 private:
  std::map<double, std::pair<double, double>> at_;
};

// One recipe, applied to more or less data.
struct Trained {
  std::string name;
  std::string model;
  Settings recipe;
  Means best, probed;
};

// The first answer of the raw weights, or nullptr.
const StoredProbe* probe_of_raw(const RunFacts& run) {
  const auto raw = std::ranges::find(run.probes, "raw", &StoredProbe::weights);
  return raw == run.probes.end() ? nullptr : &*raw;
}

size_t different(const std::vector<std::string>& texts) {
  return std::set<std::string>(texts.begin(), texts.end()).size();
}

// Each name with "key=value" of its recipe behind it.
std::vector<std::string> with_setting(const std::vector<std::string>& names,
                                      const std::vector<Trained>& all, const std::string& key) {
  std::vector<std::string> longer;
  for (size_t i = 0; i < all.size(); ++i) {
    const Settings& recipe = all[i].recipe;
    const auto found = std::ranges::find(recipe, key, &Settings::value_type::first);
    longer.push_back(names[i] + (names[i].empty() ? "" : ", ") +
                     (found == recipe.end() ? "no " + key : key + "=" + found->second));
  }
  return longer;
}

// Names by settings, those first that tell most of the recipes apart.
std::vector<std::string> names_by_settings(const std::vector<Trained>& all) {
  std::vector<std::string> names(all.size());
  while (different(names) < all.size()) {
    std::vector<std::string> best = names;
    for (const Trained& trained : all) {
      for (const auto& [key, ignored] : trained.recipe) {
        std::vector<std::string> longer = with_setting(names, all, key);
        if (different(longer) > different(best)) best = std::move(longer);
      }
    }
    if (best == names) break;
    names = std::move(best);
  }
  return names;
}

// Where what the runs' names have in common does not tell recipes apart, settings do.
void name_apart(std::vector<Trained>& all) {
  std::vector<std::string> names;
  for (const Trained& each : all) names.push_back(each.name);
  const bool is_clear =
      std::ranges::find(names, "") == names.end() && different(names) == all.size();
  if (is_clear) return;
  names = names_by_settings(all);
  for (size_t i = 0; i < all.size(); ++i) all[i].name = names[i].empty() ? all[i].model : names[i];
}

std::vector<Trained> by_recipe(const std::vector<RunFacts>& runs) {
  std::vector<Trained> all;
  Numbering number;
  for (const RunFacts& run : runs) {
    if (run.training_images <= 0 || !run.best) continue;
    std::string recipe;
    for (const auto& [key, text] : run.recipe) recipe += key + "=" + text + "\n";
    const size_t at = number(recipe);
    if (at == all.size()) all.push_back({run.name, run.model, run.recipe, {}, {}});
    Trained& trained = all[at];
    trained.name = common_name(trained.name, run.name);
    const auto images = static_cast<double>(run.training_images);
    trained.best.add(images, 100 * run.best->top1);
    if (const StoredProbe* probe = probe_of_raw(run))
      trained.probed.add(images, 100 * probe->summary.top1.mean);
  }
  name_apart(all);
  return all;
}

std::string probe_title(const std::vector<RunFacts>& runs) {
  for (const RunFacts& run : runs) {
    if (const StoredProbe* probe = probe_of_raw(run)) return " (dashed: " + probe->title() + ")";
  }
  return "";
}

}  // namespace

Plot compute_plot(const std::vector<RunFacts>& runs) {
  Plot plot{.title = "Accuracy against compute",
            .x_label = "exaFLOPs, pre-training included",
            .y_label = "best top-1 %",
            .marks = Plot::Marks::kPoints,
            .is_x_logarithmic = true,
            .series = {}};
  Numbering color;
  for (const RunFacts& run : runs) {
    if (!run.exaflops_in_all || !run.best) continue;
    const std::string family = family_of(run);
    const size_t number = color(family);
    if (number == plot.key.size()) plot.key.emplace_back(family, number);
    plot.series.push_back({.name = run.name,
                           .points = {{*run.exaflops_in_all, 100 * run.best->top1}},
                           .color = number});
  }
  shorten(plot.series);
  return plot;
}

std::string left_out_of_compute(const std::vector<RunFacts>& runs) {
  std::vector<std::string> reasons;
  std::vector<std::vector<std::string>> names;  // by reason
  Numbering number;
  for (const RunFacts& run : runs) {
    if (run.exaflops_in_all || !run.best) continue;
    const size_t at = number(run.unknown_cost);
    if (at == reasons.size()) {
      reasons.push_back(run.unknown_cost);
      names.emplace_back();
    }
    names[at].push_back(run.name);
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < reasons.size(); ++i)
    parts.push_back(join(names[i], ", ") + " (" + reasons[i] + ")");
  return parts.empty() ? "" : "not shown: " + join(parts, "; ");
}

Plot data_plot(const std::vector<RunFacts>& runs) {
  Plot plot{.title = "Accuracy against training data",
            .x_label = "training images" + probe_title(runs),
            .y_label = "best top-1 %",
            .marks = Plot::Marks::kLabelledLine,
            .is_x_logarithmic = true,
            .series = {}};
  bool is_study = false;
  size_t color = 0;
  for (const Trained& trained : by_recipe(runs)) {
    const Curve best = trained.best.curve(), probed = trained.probed.curve();
    is_study = is_study || best.size() > 1;
    plot.series.push_back({.name = trained.name, .points = best, .color = color});
    if (!probed.empty())
      plot.series.push_back(
          {.name = trained.name, .points = probed, .is_dashed = true, .color = color});
    ++color;
  }
  if (!is_study) plot.series.clear();
  shorten(plot.series);
  return plot;
}

}  // namespace vit
