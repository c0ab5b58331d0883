// Learning-rate schedules against the reference implementations' values, and at their edges.
#include "vit/core/error.hpp"
#include "vit/optim/hyperrule.hpp"

#include "sections.hpp"
#include "support/golden.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <optional>

namespace vit {
namespace {

using Json = nlohmann::json;

Json golden_schedules(const char* kind) {
  std::ifstream file(test::golden_dir() / "schedules.json");
  return file ? Json::parse(file).at(kind) : Json::array();
}

std::unique_ptr<Schedule> make(const std::string& keys, const RunLength& length) {
  return build_schedule(test::section<ScheduleSection>(keys), length);
}

// The values were computed in float32.
void expect_rates(const Schedule& schedule, const Json& expected, double peak) {
  const auto& steps = expected.at("steps");
  const auto& rates = expected.at("lr");
  ASSERT_EQ(steps.size(), rates.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    const double want = rates[i], got = schedule.lr(steps[i]);
    EXPECT_NEAR(got, want, 1e-6 * std::abs(want) + 1e-7 * peak) << "step " << steps[i];
  }
}

TEST(Schedule, golden_vit_jax) {
  const Json cases = golden_schedules("vit_jax");
  ASSERT_FALSE(cases.empty());
  for (const Json& c : cases) {
    const std::string kind = c.at("decay_type");
    std::string keys = fmt::format("name: {}, lr: {}, warmup: {} steps", kind,
                                   c.at("base").get<double>(), c.at("warmup_steps").get<int64_t>());
    if (kind == "linear") keys += fmt::format(", end: {}", c.at("linear_end").get<double>());
    SCOPED_TRACE(keys);
    expect_rates(*make(keys, {.total_steps = c.at("total_steps")}), c, c.at("base"));
  }
}

// The keys of ours that say the same as a call of big_vision's, nothing when there are none.
std::optional<std::string> translated(const Json& args) {
  const std::string kind = args.at("decay_type");
  if (!Schedules::catalog().contains(kind)) return std::nullopt;
  double peak = args.at("base");
  if (args.value("scale_with_batchsize", false)) peak *= args.at("batch_size").get<double>() / 256;
  std::string keys = fmt::format("name: {}, lr: {}", kind, peak);
  for (const auto& [key, value] : args.items()) {
    const auto number = [&v = value] { return v.get<double>(); };
    if (key == "warmup_steps") keys += fmt::format(", warmup: {} steps", number());
    if (key == "warmup_epochs") keys += fmt::format(", warmup: {} epochs", number());
    if (key == "linear_end" || key == "end") keys += fmt::format(", end: {}", number());
    if (key == "power") keys += fmt::format(", power: {}", number());
    if (key == "timescale" || key == "shift") keys += fmt::format(", {}: {} steps", key, number());
    if (key == "cooldown_steps") keys += fmt::format(", cooldown: {} steps", number());
    if (key == "mults") keys += fmt::format(", factors: {}", value.dump());
    if (key == "steps") {
      std::vector<std::string> times;
      for (const Json& step : value) times.push_back(fmt::format("{} steps", step.get<int64_t>()));
      keys += fmt::format(", at: [{}]", fmt::join(times, ", "));
    }
  }
  return keys;
}

TEST(Schedule, golden_big_vision) {
  const Json cases = golden_schedules("big_vision");
  size_t compared = 0;
  for (const Json& c : cases) {
    const Json& args = c.at("args");
    const auto keys = translated(args);
    if (!keys) continue;
    SCOPED_TRACE(*keys);
    const RunLength length{.total_steps = args.at("total_steps"),
                           .batch_examples = args.value("batch_size", 1),
                           .epoch_examples = args.value("data_size", 1)};
    const auto schedule = make(*keys, length);
    expect_rates(*schedule, c, args.at("base"));
    ++compared;
  }
  EXPECT_GT(compared, cases.size() / 2);
}

TEST(Schedule, golden_bit_hyperrule) {
  const Json cases = golden_schedules("bit_hyperrule");
  ASSERT_FALSE(cases.empty());
  for (const Json& c : cases) {
    const int64_t examples = c.at("dataset_size");
    SCOPED_TRACE(examples);
    const HyperRule rule = bit_hyperrule(examples);
    EXPECT_EQ(Json(rule.times), c.at("supports"));
    EXPECT_EQ(rule.mixup, c.at("mixup").get<double>());
    const auto schedule =
        make(fmt::format("name: bit_hyperrule, lr: {}", c.at("base_lr").get<double>()),
             {.total_steps = rule.steps(), .epoch_examples = examples});
    for (size_t i = 0; i < c.at("steps").size(); ++i) {
      const int64_t step = c.at("steps")[i];
      const Json& want = c.at("lr")[i];
      EXPECT_EQ(want.is_null(), step >= rule.steps()) << "step " << step;  // null: it has ended
      if (want.is_null()) continue;
      EXPECT_NEAR(schedule->lr(step), want, 1e-6 * want.get<double>()) << "step " << step;
    }
  }
}

TEST(Schedule, bit_hyperrule_stretches_with_the_run) {
  const auto schedule =
      make("name: bit_hyperrule, lr: 1", {.total_steps = 1000, .epoch_examples = 1020});
  EXPECT_DOUBLE_EQ(schedule->lr(100), 0.5);
  EXPECT_DOUBLE_EQ(schedule->lr(400), 1);
  EXPECT_DOUBLE_EQ(schedule->lr(401), 0.1);
  EXPECT_DOUBLE_EQ(schedule->lr(801), 0.001);
}

TEST(HyperRule, golden_sides) {
  const Json cases = golden_schedules("bit_resolution");
  ASSERT_FALSE(cases.empty());
  for (const Json& c : cases) {
    const HyperRuleSides expected{c.at("precrop_crop")[0], c.at("precrop_crop")[1]};
    EXPECT_EQ(bit_hyperrule_sides({c.at("hw")[0], c.at("hw")[1]}), expected) << c;
  }
}

TEST(Schedule, every_entry_warms_up_from_zero_and_is_finite) {
  for (const std::string& name : Schedules::catalog().names()) {
    SCOPED_TRACE(name);
    const auto schedule =
        make("name: " + name + ", lr: 0.5, warmup: 10 percent", {.total_steps = 50});
    EXPECT_EQ(schedule->lr(0), 0);
    EXPECT_NEAR(schedule->lr(1), 0.1, 1e-4);
    EXPECT_NEAR(schedule->lr(5), 0.5, 1e-4);
    for (int64_t step = 0; step < 60; ++step) {
      EXPECT_GE(schedule->lr(step), 0);
      EXPECT_LE(schedule->lr(step), 0.5);
    }
  }
}

TEST(Schedule, floors_are_reached_and_kept) {
  for (const char* name : {"linear", "cosine", "polynomial"}) {
    const auto schedule =
        make(fmt::format("name: {}, lr: 0.5, end: 0.125", name), {.total_steps = 40});
    EXPECT_EQ(schedule->lr(0), 0.5);
    EXPECT_NEAR(schedule->lr(40), 0.125, 1e-12);
    EXPECT_NEAR(schedule->lr(400), 0.125, 1e-12);
  }
}

TEST(Schedule, warm_up_may_fill_or_exceed_the_run) {
  for (const char* warmup : {"10 steps", "20 steps"}) {
    const auto schedule =
        make(fmt::format("name: cosine, lr: 1, warmup: {}", warmup), {.total_steps = 10});
    for (int64_t step = 1; step < 10; ++step) EXPECT_GT(schedule->lr(step), schedule->lr(step - 1));
  }
}

TEST(Schedule, an_unknown_length_is_a_matter_of_the_configuration) {
  for (const char* name : {"linear", "cosine", "polynomial", "bit_hyperrule"}) {
    EXPECT_THROW(make(std::string("name: ") + name, {.total_steps = 0}), ConfigError);
  }
  EXPECT_EQ(make("name: constant, lr: 0.25", {.total_steps = 0})->lr(1'000'000), 0.25);
  EXPECT_THROW(make("name: constant, warmup: 5 percent", {.total_steps = 0}), ConfigError);
}

TEST(Schedule, stairs_must_ascend) {
  EXPECT_THROW(
      make("name: stair, at: [20 steps, 10 steps], factors: [0.1, 0.01]", {.total_steps = 50}),
      ConfigError);
  EXPECT_THROW(make("name: stair, at: [20 steps], factors: []", {.total_steps = 50}), ConfigError);
}

}  // namespace
}  // namespace vit
