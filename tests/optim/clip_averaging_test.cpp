// Clipping and averaging on flat tensors against their slow obvious versions.
#include "vit/optim/clip.hpp"

#include "sections.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace vit {
namespace {

using test::do_skip;
using test::no_skip;

TEST(Clip, equals_the_slow_version) {
  for (const double max_norm : {0.5, 3.0, 1000.0}) {
    const NamedTensors model = test::two_parameters();
    FlatParameters flat(model, test::two_traits());
    std::vector<at::Tensor> originals;
    double squares = 0;
    for (const auto& p : model) {
      p.tensor.grad().normal_();
      originals.push_back(p.tensor.grad().clone());
      squares += p.tensor.grad().to(at::kDouble).square().sum().item<double>();
    }
    const double norm = std::sqrt(squares);
    const at::Tensor measured = clip_by_norm_(flat.grads(), max_norm);
    EXPECT_NEAR(measured.item<double>(), norm, 1e-5 * norm);
    EXPECT_EQ(measured.scalar_type(), at::kFloat);
    const double factor = norm > max_norm ? max_norm / norm : 1.0;
    for (size_t i = 0; i < model.size(); ++i) {
      const at::Tensor expected = originals[i].to(at::kDouble) * factor;
      EXPECT_LE((model[i].tensor.grad().to(at::kDouble) - expected).abs().max().item<double>(),
                1e-6);
      if (factor == 1.0) {
        EXPECT_TRUE(at::equal(model[i].tensor.grad(), originals[i]));
      }
    }
  }
}

TEST(Clip, edges) {
  at::Tensor zero = at::zeros({8});
  EXPECT_EQ(clip_by_norm_(zero, 1).item<float>(), 0);
  EXPECT_TRUE(at::equal(zero, at::zeros({8})));
  at::Tensor grad = at::full({4}, 2.0F);
  EXPECT_EQ(clip_by_norm_(grad, 0).item<float>(), 4);
  EXPECT_EQ(clip_by_norm_(grad, -1).item<float>(), 4);
  EXPECT_EQ(clip_by_norm_(grad, 4).item<float>(), 4);  // not above
  EXPECT_TRUE(at::equal(grad, at::full({4}, 2.0F)));
  at::Tensor broken = at::full({4}, std::nanf(""));
  EXPECT_TRUE(std::isnan(clip_by_norm_(broken, 1).item<float>()));
  at::Tensor infinite = at::full({4}, INFINITY);
  EXPECT_TRUE(std::isinf(clip_by_norm_(infinite, 1).item<float>()));
}

class AveragingTest : public testing::Test {
 protected:
  NamedTensors model_ = test::two_parameters();
  FlatParameters flat_{model_, test::two_traits()};
  std::unique_ptr<Averaging> average(const std::string& keys) {
    return test::section<AverageSection>(keys).build(flat_);
  }
};

TEST_F(AveragingTest, ema_follows_its_formula) {
  for (const double decay : {0.25, 0.9, 0.9999}) {
    const auto ema = average("name: ema, decay: " + std::to_string(decay));
    at::Tensor expected = flat_.values().to(at::kDouble).clone();
    EXPECT_TRUE(at::equal(*ema->values(), flat_.values())) << "starts from the initial weights";
    for (int64_t step = 0; step < 20; ++step) {
      for (const auto& p : model_) p.tensor.detach().normal_();
      ema->update(flat_, step, no_skip());
      expected = decay * expected + (1 - decay) * flat_.values().to(at::kDouble);
      EXPECT_LE((*ema->values() - expected).abs().max().item<double>(), 1e-5);
    }
  }
}

TEST_F(AveragingTest, polyak_has_the_papers_factor) {
  const auto polyak = average("name: polyak");
  const at::Tensor before = flat_.values().clone();
  flat_.values().add_(1);
  polyak->update(flat_, 0, no_skip());
  EXPECT_NEAR((*polyak->values() - before).max().item<double>(), 1e-4, 1e-6);
}

TEST_F(AveragingTest, a_skipped_update_changes_nothing) {
  const auto ema = average("name: ema, decay: 0.5");
  const at::Tensor before = ema->values()->clone();
  flat_.values().add_(1);
  ema->update(flat_, 0, do_skip());
  EXPECT_TRUE(at::equal(*ema->values(), before));
}

TEST_F(AveragingTest, every_entry_updates_and_none_has_no_values) {
  for (const std::string& name : Averages::catalog().names()) {
    const auto entry = average("name: " + name);
    entry->update(flat_, 0, no_skip());
    EXPECT_EQ(entry->values() == nullptr, name == "none");
  }
}

TEST_F(AveragingTest, weights_are_exchanged_for_a_while) {
  const auto ema = average("name: ema");
  const at::Tensor initial = flat_.values().clone();
  flat_.values().mul_(2);
  const at::Tensor trained = flat_.values().clone();
  const void *values = flat_.values().data_ptr(), *averaged = ema->values()->data_ptr();
  {
    const AveragedWeights swapped(flat_, *ema->values());
    EXPECT_TRUE(at::equal(flat_.values(), initial));
    EXPECT_TRUE(at::equal(*ema->values(), trained));
    EXPECT_TRUE(
        at::equal(model_[0].tensor, find_tensor(flat_.views_of(initial), "weight")->clone()));
    EXPECT_EQ(flat_.values().data_ptr(), values);
  }
  EXPECT_TRUE(at::equal(flat_.values(), trained));
  EXPECT_TRUE(at::equal(*ema->values(), initial));
  EXPECT_EQ(ema->values()->data_ptr(), averaged);
}

}  // namespace
}  // namespace vit
