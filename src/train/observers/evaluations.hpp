// Questions about the evaluations a RunSummary holds, asked alike by the screen and the files.
#pragma once

#include "vit/train/observer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vit {

// The report with the highest top-1, the first of equals; null when there is none.
const EvalReport* best_of(const std::vector<EvalReport>& reports);

// The report of these weights ("raw" or "average"), or null.
const EvalReport* with_weights(const std::vector<EvalReport>& reports, std::string_view weights);

// The checkpoint that holds the evaluated weights, known by the step its name ends in; "" when
// there is none: a run stopped between two evaluations has a last checkpoint that nobody evaluated.
std::string checkpoint_of(const EvalReport& report, const RunSummary& summary);

}  // namespace vit
