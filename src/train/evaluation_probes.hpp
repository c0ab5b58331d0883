// The probes of vit-eval: opened before the work, asked for each set of weights.
#pragma once

#include "vit/train/evaluation_config.hpp"

#include "probes/asking.hpp"

#include <string>
#include <vector>

namespace vit {

struct EvaluationProbes {
  std::vector<ProbeGroup> groups;  // none: not asked for
  at::Tensor labels;               // [n] of the evaluated split, in the data's own class numbers
};

// Whether --few-shot, --knn or a key of theirs was given.
bool asks_probes(const config::Document& settings);

// `tested` is the split that is evaluated, of the source and under its class numbers; `splits` are
// that and the default one to learn from, of which `common` may leave a part out. Throws DataError
// when labels or examples do not suffice.
EvaluationProbes open_probes(const config::Document& settings, const DataSource& source,
                             const Dataset& tested, const SplitNames& splits,
                             const DataCommon& common);

// `plan` and `test` are those of the evaluated split; of test.labels only whether they are negative
// counts.
std::vector<ProbeAnswer> ask_probes(const EvaluationProbes& probes, const Model& model,
                                    const EvalPlan& plan, Features test);

}  // namespace vit
