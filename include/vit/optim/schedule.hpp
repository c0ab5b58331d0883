// Learning-rate schedules: pure functions of the step.
#pragma once

#include "vit/config/component.hpp"
#include "vit/config/schema.hpp"
#include "vit/core/duration.hpp"

#include <cstdint>
#include <memory>
#include <tuple>

namespace vit {

// Keys every `schedule` section has.
struct ScheduleCommon {
  double lr = 1e-3;                      // peak rate
  Duration warmup = Duration::steps(0);  // linear from 0

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&ScheduleCommon::lr>("Peak learning rate.", non_negative),
                      field<&ScheduleCommon::warmup>(
                          "Length of the linear warm-up from 0 to the peak.", non_negative)};
  }
};

struct ScheduleArgs {
  double lr = 0;
  int64_t warmup_steps = 0;
  RunLength length;
};

class Schedule {
 public:
  virtual ~Schedule() = default;
  // Rate of the update number `step`, counted from 0: with warm-up W the rate at 0 is 0 and the
  // peak is reached at W, as in the reference implementation (vit_jax,
  // create_learning_rate_schedule).
  virtual double lr(int64_t step) const = 0;
};

// Catalogue: `schedule: {name: cosine, lr: 0.03, warmup: 500 steps}`.
struct Schedules {
  using Catalog = config::Catalog<Schedule, const ScheduleArgs&>;
  using Common = ScheduleCommon;
  static const Catalog& catalog();
};
using ScheduleSection = config::Component<Schedules>;

// Builds the schedule of a section for a run of this length.
std::unique_ptr<Schedule> build_schedule(const ScheduleSection& section, const RunLength& length);

}  // namespace vit
