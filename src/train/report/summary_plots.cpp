#include "summary_plots.hpp"

#include "vit/core/text.hpp"

#include <algorithm>
#include <map>
#include <string>
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

// What two names of a sweep's runs ("images=5,model=R-S") have in common; the later one when that
// is nothing.
std::string common_name(const std::string& a, const std::string& b) {
  const std::vector<std::string> of_a = csv_fields(a).value_or(std::vector{a});
  std::vector<std::string> parts = csv_fields(b).value_or(std::vector{b});
  std::erase_if(
      parts, [&](const std::string& part) { return std::ranges::find(of_a, part) == of_a.end(); });
  return parts.empty() ? b : join(parts, ",");
}

// Without the "model=" that all of them begin with.
void shorten(std::vector<Series>& series) {
  if (series.empty()) return;
  const std::string head = series[0].name.substr(0, series[0].name.find('=') + 1);
  if (!std::ranges::all_of(series, [&](const Series& s) { return s.name.starts_with(head); }))
    return;
  for (Series& each : series) each.name.erase(0, head.size());
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

// One model, trained on more or less.
struct Trained {
  std::string name;
  Means best, probed;
};

// The first answer of the raw weights, or nullptr.
const StoredProbe* probe_of_raw(const RunFacts& run) {
  const auto raw = std::ranges::find(run.probes, "raw", &StoredProbe::weights);
  return raw == run.probes.end() ? nullptr : &*raw;
}

std::vector<Trained> by_model(const std::vector<RunFacts>& runs) {
  std::vector<Trained> models;
  Numbering number;
  for (const RunFacts& run : runs) {
    if (run.training_images <= 0 || !run.best) continue;
    std::string model;
    for (const auto& [key, text] : run.settings)
      if (key.starts_with("model.")) model += key + "=" + text + "\n";
    const size_t at = number(model);
    if (at == models.size()) models.push_back({run.name, {}, {}});
    Trained& trained = models[at];
    trained.name = common_name(trained.name, run.name);
    const auto images = static_cast<double>(run.training_images);
    trained.best.add(images, 100 * run.best->top1);
    if (const StoredProbe* probe = probe_of_raw(run))
      trained.probed.add(images, 100 * probe->summary.top1.mean);
  }
  return models;
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
    plot.series.push_back({.name = run.name,
                           .points = {{*run.exaflops_in_all, 100 * run.best->top1}},
                           .color = color(family_of(run))});
  }
  shorten(plot.series);
  return plot;
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
  for (const Trained& model : by_model(runs)) {
    const Curve best = model.best.curve(), probed = model.probed.curve();
    is_study = is_study || best.size() > 1;
    plot.series.push_back({.name = model.name, .points = best, .color = color});
    if (!probed.empty())
      plot.series.push_back(
          {.name = model.name, .points = probed, .is_dashed = true, .color = color});
    ++color;
  }
  if (!is_study) plot.series.clear();
  shorten(plot.series);
  return plot;
}

}  // namespace vit
