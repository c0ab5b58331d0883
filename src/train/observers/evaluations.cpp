#include "evaluations.hpp"

#include <algorithm>
#include <charconv>

namespace vit {
namespace {

// 468 of "checkpoints/step-00000468"; -1 when the name ends in no number.
int64_t step_of(const std::string& checkpoint) {
  const size_t digits = checkpoint.find_last_not_of("0123456789") + 1;
  int64_t step = -1;
  std::from_chars(checkpoint.data() + digits, checkpoint.data() + checkpoint.size(), step);
  return step;
}

}  // namespace

const EvalReport* best_of(const std::vector<EvalReport>& reports) {
  const auto best =
      std::max_element(reports.begin(), reports.end(),
                       [](const auto& a, const auto& b) { return a.top1() < b.top1(); });
  return best == reports.end() ? nullptr : &*best;
}

const EvalReport* with_weights(const std::vector<EvalReport>& reports, std::string_view weights) {
  const auto found = std::find_if(reports.begin(), reports.end(), [&](const EvalReport& report) {
    return report.weights == weights;
  });
  return found == reports.end() ? nullptr : &*found;
}

std::string checkpoint_of(const EvalReport& report, const RunSummary& summary) {
  for (const auto& path : {summary.best_checkpoint, summary.last_checkpoint}) {
    if (step_of(path) == report.at.step) return path;
  }
  return "";
}

}  // namespace vit
