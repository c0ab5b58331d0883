// What makes a run one that may be reported on: evaluated once, when all is trained; no early end
// and no best checkpoint, which would be chosen by the very examples it is reported on.
#pragma once

#include <utility>

namespace vit {

inline constexpr std::pair<const char*, const char*> kJudgedOnce[] = {
    {"eval.every", "0 steps"}, {"run.patience", "0"}, {"checkpoint.keep_best", "0"}};

}  // namespace vit
