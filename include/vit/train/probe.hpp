// Probes: what frozen features are worth, asked by a classifier on top of them that is solved in
// closed form or needs no fitting at all. vit-eval asks once (--few-shot, --knn), a run as it goes
// along (eval.probes); both read the same sections.
#pragma once

#include "vit/config/component.hpp"
#include "vit/data/dataset.hpp"
#include "vit/train/probe_result.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace vit {

// Frozen representations, one row an example.
struct Features {
  at::Tensor values;  // [n, D] float32, on the CPU
  at::Tensor labels;  // [n] int64; -1: no label, or a picture that could not be read
};

// What a probe may learn from. Only names and labels are looked at.
struct ProbeData {
  const Dataset& train;
  const std::vector<std::string>& classes;
  std::string split;  // what messages call `train`
};

class Probe {
 public:
  virtual ~Probe() = default;
  // Places in the training split of the examples whose features it needs, ascending.
  virtual const std::vector<int64_t>& examples() const = 0;
  // `train` has the rows of examples().
  virtual std::vector<ProbeResult> ask(const Features& train, const Features& test) const = 0;
};

// Keys of a probe in vit-eval.
struct ProbeSplit {
  std::string train;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&ProbeSplit::train>(
        "Split of the data with the examples to learn from (empty: train).")};
  }
};

// Keys of a probe during training.
struct ProbeSchedule {
  Duration every = Duration::epochs(1);
  std::filesystem::path data;
  std::string train, test;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&ProbeSchedule::every>("How often to ask; 0 steps: only at the end."),
        field<&ProbeSchedule::data>("Path of other data to ask about (empty: those of the run)."),
        field<&ProbeSchedule::train>("Split with the examples to learn from (empty: train)."),
        field<&ProbeSchedule::test>("Split that is predicted (empty: as data.val).")};
  }
  void check(config::Problems& problems) const {
    problems.require(every.unit != Duration::Unit::kSeconds, "every",
                     "must be given in epochs, steps, examples or percent");
  }
};

// Catalogue of probes: few_shot, knn. A probe is made for a training split; the makers throw
// DataError when its labels do not suffice.
struct Probes {
  using Catalog = config::Catalog<Probe, const ProbeData&>;
  using Common = ProbeSplit;
  static const Catalog& catalog();
};
using ProbeSection = config::Component<Probes>;

// The same in a run: `eval: {probes: [{name: few_shot, every: 10 epochs, shots: [10]}]}`.
struct TrainingProbes {
  using Catalog = Probes::Catalog;
  using Common = ProbeSchedule;
  static const Catalog& catalog() { return Probes::catalog(); }
};
using TrainingProbeSection = config::Component<TrainingProbes>;

struct NamedProbe {
  std::string name;  // of its section: "few_shot"
  std::unique_ptr<Probe> probe;
  Duration every;  // in a run
};

// Probes that share both splits, whose features are then taken once.
struct ProbeGroup {
  std::string data;                     // path of other data; "": those of the run
  std::string train_split, test_split;  // as they were named
  std::unique_ptr<DataSource> source;   // of the other data
  std::unique_ptr<Dataset> train, test;
  std::vector<NamedProbe> probes;
};

}  // namespace vit
