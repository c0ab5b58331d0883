// The schedules of vit_jax and big_vision (create_learning_rate_schedule), as functions of the
// step.
#include "vit/core/error.hpp"
#include "vit/optim/hyperrule.hpp"
#include "vit/optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace vit {
namespace {

// Everything but the shape of the decay.
class WarmedUp : public Schedule {
 public:
  explicit WarmedUp(const ScheduleArgs& args) : args_(args) {}

  double lr(int64_t step) const final {
    const double warmth =
        args_.warmup_steps > 0
            ? std::min(1.0, static_cast<double>(step) / static_cast<double>(args_.warmup_steps))
            : 1.0;
    return warmth * decayed(step);
  }

 protected:
  virtual double decayed(int64_t step) const = 0;

  // From 0 at the end of the warm-up to 1 at the end of the run.
  double progress(int64_t step) const {
    const auto length = static_cast<double>(args_.length.total_steps - args_.warmup_steps);
    if (length <= 0) return step < args_.length.total_steps ? 0.0 : 1.0;
    return std::clamp(static_cast<double>(step - args_.warmup_steps) / length, 0.0, 1.0);
  }

  ScheduleArgs args_;
};

// For schedules that end with the run.
void require_length(const ScheduleArgs& args, const char* name) {
  if (args.length.total_steps > 0) return;
  throw ConfigError(std::string("the schedule '") + name +
                    "' needs to know how long the run is\ngive the run a length in steps or "
                    "epochs, or use the schedule 'constant' or 'rsqrt'");
}

struct ConstantConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

class Constant final : public WarmedUp {
 public:
  using WarmedUp::WarmedUp;

 private:
  double decayed(int64_t) const override { return args_.lr; }
};

struct LinearConfig {
  double end = 0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&LinearConfig::end>(
        "Rate at the end of the run; the paper's code uses 1e-5.", non_negative)};
  }
};

struct PolynomialConfig {
  double power = 2;
  double end = 0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&PolynomialConfig::power>("Exponent of the remaining share of the run.", positive),
        field<&PolynomialConfig::end>("Rate at the end of the run.", non_negative)};
  }
};

// Linear is the first power.
class Polynomial final : public WarmedUp {
 public:
  Polynomial(const PolynomialConfig& config, const ScheduleArgs& args)
      : WarmedUp(args), config_(config) {}

 private:
  double decayed(int64_t step) const override {
    return config_.end + (args_.lr - config_.end) * std::pow(1 - progress(step), config_.power);
  }
  PolynomialConfig config_;
};

struct CosineConfig {
  double end = 0;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{field<&CosineConfig::end>("Rate at the end of the run.", non_negative)};
  }
};

class Cosine final : public WarmedUp {
 public:
  Cosine(const CosineConfig& config, const ScheduleArgs& args) : WarmedUp(args), config_(config) {}

 private:
  double decayed(int64_t step) const override {
    const double share = 0.5 * (1 + std::cos(std::numbers::pi * progress(step)));
    return config_.end + (args_.lr - config_.end) * share;
  }
  CosineConfig config_;
};

struct RsqrtConfig {
  Duration timescale = Duration::steps(10'000);
  Duration shift = Duration::steps(0);
  Duration cooldown = Duration::steps(0);

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&RsqrtConfig::timescale>("After this long the rate has fallen by the root of 2.",
                                       positive),
        field<&RsqrtConfig::shift>("How far on the decay starts.", non_negative),
        field<&RsqrtConfig::cooldown>("Length of the linear descent to 0 at the end of the run.",
                                      non_negative)};
  }
};

int64_t steps_of(const Duration& duration, const RunLength& length) {
  return duration.value > 0 ? in_steps(duration, length) : 0;
}

// Needs no length unless it cools down (Zhai et al. 2022, section 3.4).
class Rsqrt final : public WarmedUp {
 public:
  Rsqrt(const RsqrtConfig& config, const ScheduleArgs& args)
      : WarmedUp(args),
        timescale_(static_cast<double>(steps_of(config.timescale, args.length))),
        shift_(steps_of(config.shift, args.length)),
        cooldown_(steps_of(config.cooldown, args.length)) {
    if (cooldown_ > 0) require_length(args, "rsqrt");
  }

 private:
  double decayed(int64_t step) const override {
    const int64_t elapsed = shift_ + std::max<int64_t>(step - args_.warmup_steps, 0);
    const double rate = args_.lr / std::sqrt(1 + static_cast<double>(elapsed) / timescale_);
    if (cooldown_ == 0) return rate;
    const double left = static_cast<double>(args_.length.total_steps - step);
    return rate * std::clamp(left / static_cast<double>(cooldown_), 0.0, 1.0);
  }
  double timescale_;
  int64_t shift_, cooldown_;
};

struct StairConfig {
  std::vector<Duration> at;
  std::vector<double> factors;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&StairConfig::at>("When the rate changes, in ascending order.", non_negative),
        field<&StairConfig::factors>("Factor on the peak rate from each of these times on.",
                                     non_negative)};
  }
  void check(config::Problems& problems) const {
    problems.require(at.size() == factors.size(), "factors",
                     "needs one factor for each time in `at`");
  }
};

class Stair final : public WarmedUp {
 public:
  // From steps[i] on the rate is factors[i] times the peak.
  Stair(std::vector<int64_t> steps, std::vector<double> factors, const ScheduleArgs& args)
      : WarmedUp(args), steps_(std::move(steps)), factors_(std::move(factors)) {
    if (!std::ranges::is_sorted(steps_)) {
      throw ConfigError("the times of the schedule 'stair' must be in ascending order");
    }
  }

 private:
  double decayed(int64_t step) const override {
    const auto passed = std::ranges::upper_bound(steps_, step) - steps_.begin();
    return args_.lr * (passed == 0 ? 1.0 : factors_[static_cast<size_t>(passed - 1)]);
  }
  std::vector<int64_t> steps_;
  std::vector<double> factors_;
};

std::unique_ptr<Schedule> build_stair(const StairConfig& config, const ScheduleArgs& args) {
  std::vector<int64_t> steps;
  for (const Duration& time : config.at) steps.push_back(steps_of(time, args.length));
  return std::make_unique<Stair>(std::move(steps), config.factors, args);
}

struct HyperRuleConfig {
  static constexpr auto describe() { return std::tuple{}; }
};

// The last step of a stretch still has the old rate, as in the published code.
std::unique_ptr<Schedule> build_bit_hyperrule(const HyperRuleConfig&, const ScheduleArgs& args) {
  require_length(args, "bit_hyperrule");
  const HyperRule rule = bit_hyperrule(args.length.epoch_examples);
  const double stretch =
      static_cast<double>(args.length.total_steps) / static_cast<double>(rule.steps());
  std::vector<int64_t> ends;
  for (const int64_t time : rule.times)
    ends.push_back(std::llround(stretch * static_cast<double>(time)));
  ScheduleArgs warm = args;
  if (warm.warmup_steps == 0) warm.warmup_steps = ends[0];
  return std::make_unique<Stair>(std::vector{ends[1] + 1, ends[2] + 1, ends[3] + 1},
                                 std::vector{0.1, 0.01, 0.001}, warm);
}

}  // namespace

const Schedules::Catalog& Schedules::catalog() {
  static const Catalog all = [] {
    Catalog c("schedule");
    c.add<ConstantConfig>("constant", "The peak rate throughout.",
                          [](const ConstantConfig&, const ScheduleArgs& args) {
                            return std::make_unique<Constant>(args);
                          });
    c.add<LinearConfig>("linear", "A straight line to the end of the run.",
                        [](const LinearConfig& config, const ScheduleArgs& args) {
                          require_length(args, "linear");
                          const PolynomialConfig line{.power = 1, .end = config.end};
                          return std::make_unique<Polynomial>(line, args);
                        });
    c.add<CosineConfig>("cosine", "Half a cosine wave to the end of the run.",
                        [](const CosineConfig& config, const ScheduleArgs& args) {
                          require_length(args, "cosine");
                          return std::make_unique<Cosine>(config, args);
                        });
    c.add<RsqrtConfig>("rsqrt", "One over the root of time, optionally cooled down at the end.",
                       [](const RsqrtConfig& config, const ScheduleArgs& args) {
                         return std::make_unique<Rsqrt>(config, args);
                       });
    c.add<PolynomialConfig>("polynomial", "A power of the remaining share of the run.",
                            [](const PolynomialConfig& config, const ScheduleArgs& args) {
                              require_length(args, "polynomial");
                              return std::make_unique<Polynomial>(config, args);
                            });
    c.add<StairConfig>("stair", "Constant between given times.", build_stair);
    c.add<HyperRuleConfig>("bit_hyperrule",
                           "BiT-HyperRule: warm-up and three falls to a tenth, at times that the "
                           "number of training images gives, stretched to the length of the run.",
                           build_bit_hyperrule);
    return c;
  }();
  return all;
}

std::unique_ptr<Schedule> build_schedule(const ScheduleSection& section, const RunLength& length) {
  const ScheduleCommon& common = section.common();
  return section.build(
      {.lr = common.lr, .warmup_steps = steps_of(common.warmup, length), .length = length});
}

}  // namespace vit
