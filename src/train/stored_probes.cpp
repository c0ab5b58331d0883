#include "train/stored_probes.hpp"

#include "vit/core/files.hpp"

#include "train/json_fields.hpp"

#include <algorithm>
#include <sstream>
#include <tuple>
#include <utility>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

// One probe asked of some weights on a split, with an answer for each of its settings.
struct Asking {
  std::string probe, split, weights;
  int64_t step = 0;
  std::vector<ProbeResult> results;

  auto who() const { return std::tie(probe, split, weights); }
};

// What a line says between "probe" and "top1", which are its settings.
std::vector<ProbeSetting> settings_in(const Json& line) {
  std::vector<ProbeSetting> settings;
  bool is_setting = false;
  for (const auto& [key, value] : line.items()) {
    if (key == "top1") break;
    if (is_setting)
      settings.push_back(
          {key, value.is_number() ? std::optional(value.get<double>()) : std::nullopt});
    if (key == "probe") is_setting = true;
  }
  return settings;
}

// A resumed run gives some answers again: the last one counts. Those of a later step replace all.
void add(Asking asking, std::vector<Asking>& all) {
  const auto known =
      std::ranges::find_if(all, [&](const Asking& each) { return each.who() == asking.who(); });
  if (known == all.end()) {
    all.push_back(std::move(asking));
    return;
  }
  if (known->step != asking.step) {
    *known = std::move(asking);
    return;
  }
  ProbeResult& result = asking.results.front();
  const auto again = std::ranges::find_if(known->results, [&](const ProbeResult& each) {
    return same(each.settings, result.settings);
  });
  if (again == known->results.end())
    known->results.push_back(std::move(result));
  else
    *again = std::move(result);
}

}  // namespace

std::string StoredProbe::title() const {
  return probe + " " + settings_text(summary.settings) + " on " + split +
         (weights == "average" ? " averaged" : "");
}

std::vector<StoredProbe> stored_probes(const fs::path& run, int64_t step) {
  const fs::path file = run / "metrics.jsonl";
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  std::vector<Asking> askings;
  std::istringstream lines(read_text(file));
  for (std::string text; std::getline(lines, text);) {
    if (text.find("\"probe\"") == std::string::npos) continue;
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object() || text_at(line, "kind") != "probe") continue;
    if (integer_at(line, "step") > step) continue;
    add({text_at(line, "probe"),
         text_at(line, "split"),
         text_at(line, "weights"),
         integer_at(line, "step"),
         {{settings_in(line), integer_at(line, "n"), integer_at(line, "count")}}},
        askings);
  }
  std::vector<StoredProbe> probes;
  for (const Asking& asking : askings) {
    for (ProbeSummary& summary : over_seeds(asking.results))
      probes.push_back(
          {asking.probe, asking.split, asking.weights, asking.step, std::move(summary)});
  }
  return probes;
}

}  // namespace vit
