#include "vit/core/duration.hpp"

#include "vit/core/error.hpp"
#include "vit/core/extent.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace vit {
namespace {

TEST(Duration, ReadsAllForms) {
  const std::pair<const char*, Duration> forms[] = {
      {"300 epochs", Duration::epochs(300)},
      {"1 epoch", Duration::epochs(1)},
      {"90ep", Duration::epochs(90)},
      {"0.5ep", Duration::epochs(0.5)},
      {"500st", Duration::steps(500)},
      {"1 step", Duration::steps(1)},
      {"10000 steps", Duration::steps(10000)},
      {"1e4 steps", Duration::steps(10000)},
      {"10000 examples", {10000, Duration::Unit::kExamples}},
      {"5%", Duration::percent(5)},
      {"5 percent", Duration::percent(5)},
      {"30 seconds", Duration::seconds(30)},
      {"10 minutes", Duration::seconds(600)},
      {"2 hours", Duration::seconds(7200)},
      {"90s", Duration::seconds(90)},
      {"15m", Duration::seconds(900)},
      {"2h", Duration::seconds(7200)},
      {"  7  steps ", Duration::steps(7)},
      {"0 steps", Duration::steps(0)},
  };
  for (const auto& [text, expected] : forms) EXPECT_EQ(parse_duration(text), expected) << text;
}

TEST(Duration, RefusesOtherText) {
  for (const char* text : {"", "5", "epochs", "five epochs", "5 epochss", "5 percents", "5 sts",
                           "-1 steps", "nan steps", "inf epochs", "5 ep x", "0x5 steps", "5,5 st",
                           "1e999 steps", "5 Epochs", "steps 5"}) {
    EXPECT_THROW(parse_duration(text), std::invalid_argument) << text;
  }
}

TEST(Duration, TextReadsBack) {
  EXPECT_EQ(to_string(Duration::epochs(300)), "300 epochs");
  EXPECT_EQ(to_string(Duration::epochs(1)), "1 epoch");
  EXPECT_EQ(to_string(Duration::percent(5)), "5 percent");
  EXPECT_EQ(to_string(Duration::seconds(7200)), "7200 seconds");
  EXPECT_EQ(to_string(Duration::steps(0)), "0 steps");
  for (int unit = 0; unit < 5; ++unit) {
    for (const double value : {0.0, 1.0, 0.1, 1.0 / 3, 12345678.0, 1e20, 1e-9}) {
      const Duration duration{value, static_cast<Duration::Unit>(unit)};
      EXPECT_EQ(parse_duration(to_string(duration)), duration) << to_string(duration);
    }
  }
}

TEST(Duration, BecomesSteps) {
  const RunLength length{.total_steps = 2000, .batch_examples = 100, .epoch_examples = 1250};
  EXPECT_EQ(in_steps(Duration::steps(7), length), 7);
  EXPECT_EQ(in_steps(Duration::epochs(2), length), 25);
  EXPECT_EQ(in_steps(Duration::epochs(1), length), 13);  // 12.5, rounded
  EXPECT_EQ(in_steps({1000, Duration::Unit::kExamples}, length), 10);
  EXPECT_EQ(in_steps(Duration::percent(5), length), 100);
  EXPECT_EQ(in_steps(Duration::percent(0.001), length), 1);  // never below one
  EXPECT_EQ(in_steps(Duration::steps(0), length), 0);
  EXPECT_THROW(in_steps(Duration::seconds(5), length), ConfigError);
  EXPECT_THROW(in_steps(Duration::percent(5), {.total_steps = 0}), ConfigError);
  EXPECT_THROW(in_steps(Duration::epochs(1e300), length), ConfigError);
}

TEST(Extent, HasAShortForm) {
  EXPECT_EQ(to_string(square(224)), "224");
  EXPECT_EQ(to_string(Extent{224, 160}), "224x160");
}

}  // namespace
}  // namespace vit
