// What is said at the end of a run: one line for the log, and the result block for stdout.
#pragma once

#include "vit/train/observer.hpp"

#include <string>

namespace vit {

// "done in 2:18 (train 2:05, eval 0:12, checkpoints 0:01)   status: done, exit 0"
std::string closing_line(const RunSummary& summary);

// Table of the best and the last evaluation, run folder, next commands. "" when there is nothing to
// show.
std::string result_text(const RunSummary& summary);

}  // namespace vit
