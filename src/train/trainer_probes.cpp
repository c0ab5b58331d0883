// The probes of a run: asked of raw and averaged weights whenever they are due. They draw nothing
// from a generator and leave the weights as they are, so a run with them trains as one without.
#include "vit/core/stop_signal.hpp"
#include "vit/train/trainer.hpp"

#include "probes/asking.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace vit {

std::vector<const NamedProbe*> Trainer::due_probes(const ProbeGroup& group) const {
  std::vector<const NamedProbe*> asked;
  for (const NamedProbe& probe : group.probes) {
    if (due(period_in_examples(probe.every))) asked.push_back(&probe);
  }
  return asked;
}

void Trainer::ask_probes() {
  const auto is_due = [&](const ProbeGroup& group) { return !due_probes(group).empty(); };
  if (std::ranges::none_of(parts_.probes, is_due)) return;
  stop_if_diverged();
  end_window();
  const Stopwatch clock;
  state_.evaluation_pending |= kProbesPending;
  std::vector<ProbeReport> reports;
  if (!ask_probes("raw", reports)) return;
  if (at::Tensor* average = parts_.average->values()) {
    const AveragedWeights scope(*parts_.parameters, *average);
    if (!ask_probes("average", reports)) return;
  }
  state_.evaluation_pending &= ~kProbesPending;
  for (const ProbeReport& report : reports)
    tell([&](Observer& observer) { observer.probed(report); });
  state_.clocks.eval += clock.seconds();
  start_window();
}

// False when a stop request cut it short.
bool Trainer::ask_probes(const std::string& weights, std::vector<ProbeReport>& reports) {
  for (const ProbeGroup& group : parts_.probes) {
    const std::vector<const NamedProbe*> asked = due_probes(group);
    if (asked.empty()) continue;
    const Stopwatch clock;
    EvalPlan plan = evaluation_plan(parts_);
    plan.cancelled = [] { return StopSignal::requested() != StopRequest::kNone; };
    plan.dataset = group.test.get();
    plan.progress = [&](int64_t done) {
      tell([&](Observer& observer) {
        observer.evaluating(state_.progress, done, group.test->size());
      });
    };
    const std::optional<Features> test = extract_features(*parts_.model, plan);
    if (!test) return false;
    plan.dataset = group.train.get();
    plan.progress = nullptr;
    auto answers = ask(asked, *parts_.model, plan, *test);
    if (!answers) return false;
    for (ProbeAnswer& answer : *answers) {
      reports.push_back(
          {state_.progress, group.test_split, weights, std::move(answer), clock.seconds()});
    }
  }
  return true;
}

}  // namespace vit
