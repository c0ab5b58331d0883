#include "train/sweep/sweep_config.hpp"

#include "train/repeats.hpp"

#include <algorithm>

namespace vit {
namespace {

// "train" of "train[:90%]".
std::string name_of(const std::string& split) { return split.substr(0, split.find('[')); }

}  // namespace

void SelectConfig::check(config::Problems& problems) const {
  const bool whole = name_of(val) == val || name_of(train) == train;
  problems.require(name_of(val) != name_of(train) || !whole, "val",
                   "shares examples with the split the points train on, '" + train + "'");
  problems.require(name_of(val) != name_of(test), "val",
                   "must not come from '" + name_of(test) + "', which is for the test");
  problems.require(name_of(train) != name_of(test), "train",
                   "must not come from '" + name_of(test) + "', which is for the test");
  problems.require(name_of(retrain) != name_of(test), "retrain",
                   "must not come from '" + name_of(test) + "', which is for the test");
  problems.require(!has_repeats(seeds), "seeds", "names a seed twice");
}

void SweepConfig::check(config::Problems& problems) const {
  const bool tunes = program == SweepProgram::kFinetune;
  problems.require(!tunes || !weights.empty(), "weights", "must be given with program: finetune");
  problems.require(tunes || weights.empty(), "weights", "is for program: finetune");
  problems.require(tunes || data.empty(), "data",
                   "is for program: finetune; write set: {data: ...}");
  problems.require(tunes || model.empty(), "model",
                   "is for program: finetune; write set: {model: ...}");
  using enum config::Yaml::Kind;
  problems.require(set.kind() == kMap || set.kind() == kNothing, "set",
                   "expected keys and values, got " + set.what());
  problems.require(axes.kind() == kMap || axes.kind() == kNothing, "axes",
                   "expected keys and values, got " + axes.what());
  problems.require(!axes.entries().empty() || !seeds.empty(), "axes",
                   "no axes and no seeds: there is nothing to run");
  problems.require(!has_repeats(seeds), "seeds", "names a seed twice");
}

}  // namespace vit
