// Draws against the distributions they are of. The keys are fixed, so nothing here is left to
// chance.
#include "vit/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace vit {
namespace {

constexpr int64_t kDraws = 20000;

std::vector<double> beta_draws(double a, double b) {
  const Random random = Random(3).stream("beta");
  std::vector<double> draws;
  for (int64_t i = 0; i < kDraws; ++i)
    draws.push_back(random.at(static_cast<uint64_t>(i)).beta(a, b));
  return draws;
}

// The distribution function of Beta(a, b). With t = s^a the integrand is smooth on the lower half,
// where Simpson's rule does; the upper half is the lower one of the mirrored distribution.
double beta_cdf(double x, double a, double b) {
  if (x > 0.5) return 1 - beta_cdf(1 - x, b, a);
  constexpr int kSteps = 200;
  const double end = std::pow(x, a), width = end / kSteps;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double weight = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * std::pow(1 - std::pow(i * width, 1 / a), b - 1);
  }
  const double constant = std::tgamma(a + b) / (std::tgamma(a) * std::tgamma(b));
  return constant / a * sum * width / 3;
}

TEST(Beta, HasItsDistributionFunction) {
  EXPECT_NEAR(beta_cdf(0.3, 2, 2), 3 * 0.09 - 2 * 0.027, 1e-9);
  EXPECT_NEAR(beta_cdf(0.7, 0.5, 0.5), 2 / M_PI * std::asin(std::sqrt(0.7)), 1e-6);
  for (const auto& [a, b] : {std::pair{0.1, 0.1},
                             {0.2, 0.2},
                             {0.8, 0.8},
                             {1.0, 1.0},
                             {4.0, 4.0},
                             {0.5, 3.0},
                             {2.0, 0.3}}) {
    std::vector<double> draws = beta_draws(a, b);
    std::ranges::sort(draws);
    double apart = 0;  // Kolmogorov's statistic
    for (int64_t i = 0; i < kDraws; i += 20) {
      const double expected = (static_cast<double>(i) + 0.5) / kDraws;
      apart = std::max(apart, std::abs(beta_cdf(draws[static_cast<size_t>(i)], a, b) - expected));
    }
    EXPECT_LT(apart, 1.63 / std::sqrt(kDraws)) << a << ", " << b;  // exceeded once in a hundred
  }
}

TEST(Beta, HasItsMoments) {
  for (const auto& [a, b] : {std::pair{0.2, 0.2}, {1.0, 1.0}, {0.3, 2.0}, {30.0, 10.0}}) {
    double mean = 0, square = 0;
    for (const double draw : beta_draws(a, b)) {
      mean += draw / kDraws;
      square += draw * draw / kDraws;
    }
    const double variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    EXPECT_NEAR(mean, a / (a + b), 4 * std::sqrt(variance / kDraws)) << a << ", " << b;
    EXPECT_NEAR(square - mean * mean, variance, 0.04 * variance) << a << ", " << b;
  }
}

TEST(Beta, StaysANumberAtTheEdges) {
  int64_t low = 0, high = 0;
  for (const double draw : beta_draws(0.001, 0.001)) {
    ASSERT_TRUE(draw >= 0 && draw <= 1) << draw;
    low += draw < 0.01 ? 1 : 0;
    high += draw > 0.99 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(low), kDraws / 2, 400);
  EXPECT_GT(low + high, kDraws * 0.98);
  for (const double draw : beta_draws(1000, 1000)) ASSERT_NEAR(draw, 0.5, 0.1);
}

TEST(Beta, IsAFunctionOfTheKey) {
  EXPECT_EQ(Random(5).at(1).beta(0.2, 0.2), Random(5).at(1).beta(0.2, 0.2));
  EXPECT_NE(Random(5).at(1).beta(0.2, 0.2), Random(5).at(2).beta(0.2, 0.2));
}

}  // namespace
}  // namespace vit
