#include "asking.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/data/shared_examples.hpp"

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace vit {
namespace {

std::vector<int64_t> examples_of_all(const std::vector<const NamedProbe*>& probes) {
  std::vector<int64_t> places;
  for (const NamedProbe* asked : probes) {
    std::vector<int64_t> both;
    std::ranges::set_union(places, asked->probe->examples(), std::back_inserter(both));
    places = std::move(both);
  }
  return places;
}

// The rows of `features`, which are those of `places`, that belong to `wanted`.
Features rows_of(const Features& features, const std::vector<int64_t>& places,
                 const std::vector<int64_t>& wanted) {
  if (wanted.size() == places.size()) return features;
  std::vector<int64_t> rows;
  for (const int64_t place : wanted)
    rows.push_back(std::ranges::lower_bound(places, place) - places.begin());
  const at::Tensor index = at::tensor(rows);
  return {features.values.index_select(0, index), features.labels.index_select(0, index)};
}

void require_numbers(const Features& features) {
  if (at::isfinite(features.values).all().item<bool>()) return;
  throw Diverged(
      "the features of the network are not all numbers\n"
      "its training has diverged, or its weights are damaged: try an earlier checkpoint");
}

}  // namespace

std::optional<std::vector<ProbeAnswer>> ask(const std::vector<const NamedProbe*>& probes,
                                            const Model& model, const EvalPlan& train,
                                            const Features& test) {
  const std::vector<int64_t> places = examples_of_all(probes);
  const std::optional<Features> features = extract_features(model, train, places);
  if (!features) return std::nullopt;
  require_numbers(*features);
  require_numbers(test);
  std::vector<ProbeAnswer> answers;
  for (const NamedProbe* asked : probes) {
    const Probe& probe = *asked->probe;
    answers.push_back({asked->name, probe.ask(rows_of(*features, places, probe.examples()), test)});
  }
  return answers;
}

void warn_of_shared(const std::string& probe, const std::string& split, const Dataset& train,
                    const Dataset& test) {
  const int64_t shared = shared_examples(test, train);  // cheapest with the smaller one first
  if (shared == 0) return;
  spdlog::warn(
      "{}: {} of the {} images of '{}' it is tested on are learned from; its score says "
      "little of new images",
      probe, grouped(shared), grouped(test.size()), split);
}

}  // namespace vit
