#include "evaluation_probes.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/log.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace vit {
namespace {

// What probes learn from: of the training split the part that training sees, so without what
// data.exclude names.
ProbeGroup& group_for(const std::string& split, const DataSource& source, bool is_training_split,
                      const DataCommon& common, std::vector<ProbeGroup>& groups) {
  const auto at = std::ranges::find(groups, split, &ProbeGroup::train_split);
  if (at != groups.end()) return *at;
  ProbeGroup& group = groups.emplace_back();
  group.train_split = split;
  group.train =
      is_training_split ? open_training_split(source, split, common) : open_split(source, split);
  return group;
}

void add_probe(const ProbeSection& section, const DataSource& source, const Dataset& tested,
               const SplitNames& splits, const DataCommon& common,
               std::vector<ProbeGroup>& groups) {
  const std::string& wanted = section.common().train;
  const std::string& split = wanted.empty() ? splits.train : wanted;
  ProbeGroup& group = group_for(split, source, split == splits.train, common, groups);
  warn_of_shared(section.name(), group.train_split, *group.train, tested);
  const ProbeData data{*group.train, source.info().classes, group.train_split};
  group.probes.push_back({section.name(), section.build(data), {}});
}

}  // namespace

bool asks_probes(const config::Document& settings) {
  return settings.contains("few_shot") || settings.contains("knn");
}

EvaluationProbes open_probes(const config::Document& settings, const DataSource& source,
                             const Dataset& tested, const SplitNames& splits,
                             const DataCommon& common) {
  const auto config = config::read<EvaluationConfig>(settings);
  EvaluationProbes probes;
  if (settings.contains("few_shot"))
    add_probe(config.few_shot, source, tested, splits, common, probes.groups);
  if (settings.contains("knn"))
    add_probe(config.knn, source, tested, splits, common, probes.groups);
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < tested.size(); ++i) labels.push_back(tested.label(i));
  probes.labels = at::tensor(labels, at::kLong);
  return probes;
}

std::vector<ProbeAnswer> ask_probes(const EvaluationProbes& probes, const Model& model,
                                    const EvalPlan& plan, Features test) {
  test.labels = at::where(test.labels < 0, test.labels, probes.labels);
  std::vector<ProbeAnswer> answers;
  for (const ProbeGroup& group : probes.groups) {
    EvalPlan train = plan;
    train.dataset = group.train.get();
    train.progress = [&](int64_t done) {
      set_status_line(fmt::format("  features of {}: {} images", group.train_split, done));
    };
    std::vector<const NamedProbe*> all;
    for (const NamedProbe& probe : group.probes) all.push_back(&probe);
    for (ProbeAnswer& answer : ask(all, model, train, test).value_or(std::vector<ProbeAnswer>{}))
      answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace vit
