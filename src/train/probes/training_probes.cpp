#include "training_probes.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/last_part.hpp"

#include "asking.hpp"
#include "train/data_layer.hpp"

#include <algorithm>
#include <utility>

namespace vit {
namespace {

std::unique_ptr<DataSource> open_source(const std::string& path) {
  config::Document document;
  document.set("data.name", recognise_data(path), "eval.probes");
  document.set("data.root", path, "eval.probes");
  return config::read<DataLayer>(document).data.build();
}

// The splits a probe asks about, still to be opened.
ProbeGroup wanted_by(const ProbeSchedule& schedule, const DataSource& own,
                     const SplitNames& splits) {
  ProbeGroup group;
  group.data = schedule.data.string();
  if (!group.data.empty()) group.source = open_source(group.data);
  const DataSource& source = group.source ? *group.source : own;
  const SplitNames usual =
      group.source ? resolve_splits(source, schedule.train, schedule.test) : splits;
  group.train_split = schedule.train.empty() ? usual.train : schedule.train;
  group.test_split = schedule.test.empty() ? usual.val : schedule.test;
  return group;
}

void open_splits(ProbeGroup& group, const RunConfig& config, const DataSource& own,
                 const SplitNames& splits) {
  const DataSource& source = group.source ? *group.source : own;
  const bool is_training_split = !group.source && group.train_split == splits.train;
  group.train = is_training_split
                    ? open_training_split(source, group.train_split, config.data.common())
                    : open_split(source, group.train_split);
  group.test = open_split(source, group.test_split);
}

bool has_same_splits(const ProbeGroup& a, const ProbeGroup& b) {
  return a.data == b.data && a.train_split == b.train_split && a.test_split == b.test_split;
}

}  // namespace

std::vector<ProbeGroup> open_training_probes(const RunConfig& config, const DataSource& source,
                                             const SplitNames& splits) {
  std::vector<ProbeGroup> groups;
  for (const TrainingProbeSection& section : config.eval.probes) {
    ProbeGroup wanted = wanted_by(section.common(), source, splits);
    auto at = std::ranges::find_if(
        groups, [&](const ProbeGroup& group) { return has_same_splits(group, wanted); });
    if (at == groups.end()) {
      open_splits(wanted, config, source, splits);
      at = groups.insert(at, std::move(wanted));
    }
    ProbeGroup& group = *at;
    const DataSource& data = group.source ? *group.source : source;
    warn_of_shared("eval.probes: " + section.name(), group.train_split, *group.train, *group.test);
    group.probes.push_back({section.name(),
                            section.build({*group.train, data.info().classes, group.train_split}),
                            section.common().every});
  }
  // For people: whose split it is.
  for (ProbeGroup& group : groups) {
    if (group.source) group.test_split = last_part(group.data) + " " + group.test_split;
  }
  return groups;
}

}  // namespace vit
