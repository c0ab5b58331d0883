// Optimizers: their formulas, what all entries of the catalogue promise, exact skipping and
// resuming.
#include "sections.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

namespace vit {
namespace {

using test::do_skip;
using test::no_skip;

// All optimizers there are, with the variants that matter.
std::vector<std::string> variants() {
  std::vector<std::string> all;
  for (const std::string& name : Optimizers::catalog().names()) all.push_back("name: " + name);
  for (const char* more :
       {"name: adam, weight_decay: 0", "name: adam, decay_mode: l2",
        "name: adam, moment_dtype: bfloat16", "name: adam, moment_dtype: bfloat16, decay_mode: l2",
        "name: sgd, nesterov: true", "name: sgd, momentum: 0",
        "name: sgd, momentum_dtype: bfloat16",
        "name: sgd, momentum_dtype: bfloat16, nesterov: true", "name: sgd, weight_decay: 0.1",
        "name: sgd, weight_decay: 0.1, decay_mode: decoupled"}) {
    all.emplace_back(more);
  }
  return all;
}

at::Tensor flat_copy(const NamedTensors& tensors) {
  std::vector<at::Tensor> parts;
  for (const auto& t : tensors) parts.push_back(t.tensor.detach().to(at::kDouble).flatten());
  return parts.empty() ? at::zeros({0}) : at::cat(parts);
}

// One number at a time, in double: the formulas of the papers.
struct Reference {
  std::vector<double> w, m, v;
  int64_t t = 0;
  std::function<void(Reference&, size_t, double g, double lr, double decay)> update;
};

float bf16(double x) { return static_cast<float>(c10::BFloat16(static_cast<float>(x))); }

void adamw(Reference& r, size_t i, double g, double lr, double decay) {
  r.w[i] -= lr * decay * r.w[i];
  r.m[i] = 0.9 * r.m[i] + 0.1 * g;
  r.v[i] = 0.999 * r.v[i] + 0.001 * g * g;
  const double t = static_cast<double>(r.t);
  const double mean = r.m[i] / (1 - std::pow(0.9, t)), square = r.v[i] / (1 - std::pow(0.999, t));
  r.w[i] -= lr * mean / (std::sqrt(square) + 1e-8);
}
void adam_l2(Reference& r, size_t i, double g, double lr, double decay) {
  adamw(r, i, g + decay * r.w[i], lr, 0);
}
void adamw_rounded(Reference& r, size_t i, double g, double lr, double decay) {
  const double used = 0.8984375 * r.m[i] + 0.1 * g;
  r.v[i] = 0.999 * r.v[i] + 0.001 * g * g;
  const double t = static_cast<double>(r.t);
  const double mean = used / (1 - std::pow(0.9, t)), square = r.v[i] / (1 - std::pow(0.999, t));
  r.w[i] -= lr * (mean / (std::sqrt(square) + 1e-8) + decay * r.w[i]);
  r.m[i] = bf16(used);
}
void momentum(Reference& r, size_t i, double g, double lr, double decay) {
  r.m[i] = 0.9 * r.m[i] + g + decay * r.w[i];
  r.w[i] -= lr * r.m[i];
}
void nesterov(Reference& r, size_t i, double g, double lr, double decay) {
  g += decay * r.w[i];
  r.m[i] = 0.9 * r.m[i] + g;
  r.w[i] -= lr * (g + 0.9 * r.m[i]);
}
void momentum_decoupled(Reference& r, size_t i, double g, double lr, double decay) {
  r.w[i] *= 1 - lr * decay;
  momentum(r, i, g, lr, 0);
}
void momentum_rounded(Reference& r, size_t i, double g, double lr, double) {
  const double used = 0.8984375 * r.m[i] + g;
  r.w[i] -= lr * used;
  r.m[i] = bf16(used);
}
void plain(Reference& r, size_t i, double g, double lr, double decay) {
  r.w[i] -= lr * (g + decay * r.w[i]);
}

struct Formula {
  const char* keys;
  double weight_decay;
  void (*update)(Reference&, size_t, double, double, double);
};

class OptimizerFormula : public testing::TestWithParam<Formula> {};

TEST_P(OptimizerFormula, twenty_steps) {
  const NamedTensors model = test::two_parameters();
  FlatParameters flat(model, test::two_traits());
  const auto optimizer = test::optimizer(GetParam().keys, flat);

  Reference reference;
  std::vector<double> decay, scale;
  for (size_t p = 0; p < model.size(); ++p) {
    for (int64_t i = 0; i < model[p].tensor.numel(); ++i) {
      reference.w.push_back(model[p].tensor.flatten()[i].item<double>());
      decay.push_back(GetParam().weight_decay * test::two_traits()[p].decay);
      scale.push_back(test::two_traits()[p].lr_scale);
    }
  }
  reference.m.assign(reference.w.size(), 0);
  reference.v.assign(reference.w.size(), 0);

  for (int step = 0; step < 20; ++step) {
    const double lr = 0.01 * (step + 1);
    flat.zero_grad();
    for (const auto& p : model) p.tensor.grad().copy_(at::randn(p.tensor.sizes()));
    NamedTensors grads;
    for (const auto& p : model) grads.push_back({p.name, p.tensor.grad()});
    const at::Tensor g = flat_copy(grads);
    ++reference.t;
    for (size_t i = 0; i < reference.w.size(); ++i) {
      GetParam().update(reference, i, g[static_cast<int64_t>(i)].item<double>(), lr * scale[i],
                        decay[i]);
    }
    optimizer->step(flat, lr, no_skip());
  }
  const at::Tensor got = flat_copy(model);
  for (size_t i = 0; i < reference.w.size(); ++i) {
    EXPECT_NEAR(got[static_cast<int64_t>(i)].item<double>(), reference.w[i], 2e-5) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    all, OptimizerFormula,
    testing::Values(
        Formula{"name: adam", 0.1, adamw}, Formula{"name: adam, decay_mode: l2", 0.1, adam_l2},
        Formula{"name: adamw, weight_decay: 0.3", 0.3, adamw},
        Formula{"name: adam, moment_dtype: bfloat16", 0.1, adamw_rounded},
        Formula{"name: sgd", 0, momentum}, Formula{"name: sgd, weight_decay: 0.1", 0.1, momentum},
        Formula{"name: sgd, weight_decay: 0.1, decay_mode: decoupled", 0.1, momentum_decoupled},
        Formula{"name: sgd, nesterov: true, weight_decay: 0.1", 0.1, nesterov},
        Formula{"name: sgd, momentum: 0, weight_decay: 0.1", 0.1, plain},
        Formula{"name: sgd, momentum_dtype: bfloat16", 0, momentum_rounded}));

class OptimizerConformance : public testing::TestWithParam<std::string> {
 protected:
  NamedTensors model_ = test::two_parameters();
  FlatParameters flat_{model_, test::two_traits()};
  std::unique_ptr<Optimizer> optimizer_ = test::optimizer(GetParam(), flat_);

  void random_gradients(FlatParameters& flat, int64_t seed) const {
    at::manual_seed(static_cast<uint64_t>(seed));
    flat.zero_grad();  // the padding too
    for (auto& view : flat.views_of(flat.grads())) view.tensor.normal_();
  }
};

std::vector<at::Tensor> snapshot(const FlatParameters& flat, const Optimizer& optimizer) {
  std::vector<at::Tensor> all = {flat.values().clone()};
  for (const auto& s : optimizer.state(flat)) all.push_back(s.tensor.clone());
  return all;
}

void expect_same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(std::memcmp(a[i].const_data_ptr(), b[i].const_data_ptr(), a[i].nbytes()), 0) << i;
  }
}

TEST_P(OptimizerConformance, finds_the_minimum_of_a_quadratic) {
  const at::Tensor target = at::linspace(-1, 1, 30).view({6, 5});
  const auto distance = [&] {
    return (model_[0].tensor - target).square().sum() + model_[1].tensor.square().sum();
  };
  const double before = distance().item<double>();
  for (int step = 0; step < 400; ++step) {
    flat_.zero_grad();
    distance().backward();
    optimizer_->step(flat_, 0.02, no_skip());
  }
  EXPECT_LT(distance().item<double>(), 0.05 * before);
}

TEST_P(OptimizerConformance, a_skipped_step_changes_nothing_at_all) {
  for (int step = 0; step < 3; ++step) {  // the first step included
    const auto before = snapshot(flat_, *optimizer_);
    flat_.grads().fill_(std::nanf(""));
    optimizer_->step(flat_, 0.1, do_skip());
    expect_same(snapshot(flat_, *optimizer_), before);
    random_gradients(flat_, step);
    optimizer_->step(flat_, 0.1, no_skip());
    EXPECT_FALSE(at::equal(flat_.values(), before[0]));
    EXPECT_FALSE(flat_.values().isnan().any().item<bool>());
  }
}

TEST_P(OptimizerConformance, restored_state_goes_on_bit_for_bit) {
  NamedTensors other_model = test::two_parameters();
  FlatParameters other(other_model, test::two_traits());
  const auto restored = test::optimizer(GetParam(), other);
  for (int step = 0; step < 5; ++step) {
    random_gradients(flat_, step);
    optimizer_->step(flat_, 0.1, no_skip());
  }
  // By name, as a checkpoint does it.
  const auto saved = optimizer_->state(flat_);
  for (auto& s : restored->state(other)) {
    const at::Tensor* from = find_tensor(saved, s.name);
    ASSERT_NE(from, nullptr) << s.name;
    s.tensor.copy_(*from);
  }
  for (auto& v : other.views_of(other.values())) {
    v.tensor.copy_(*find_tensor(flat_.views_of(flat_.values()), v.name));
  }
  for (int step = 5; step < 10; ++step) {
    random_gradients(flat_, step);
    random_gradients(other, step);
    optimizer_->step(flat_, 0.1, no_skip());
    restored->step(other, 0.1, no_skip());
  }
  expect_same(snapshot(other, *restored), snapshot(flat_, *optimizer_));
}

TEST_P(OptimizerConformance, state_has_the_parameters_names_and_lives) {
  const auto state = optimizer_->state(flat_);
  random_gradients(flat_, 1);
  optimizer_->step(flat_, 0.1, no_skip());
  for (const auto& [name, tensor] : state) {
    const bool is_named = name.ends_with("/weight") || name.ends_with("/bias") || name == "step";
    EXPECT_TRUE(is_named) << name;
    EXPECT_GT(tensor.abs().sum().item<double>(), 0) << name << " is no view of the state";
  }
}

TEST_P(OptimizerConformance, addresses_and_padding_stay) {
  const void *values = flat_.values().data_ptr(), *grads = flat_.grads().data_ptr();
  for (int step = 0; step < 3; ++step) {
    random_gradients(flat_, step);
    optimizer_->step(flat_, 0.1, no_skip());
  }
  EXPECT_EQ(flat_.values().data_ptr(), values);
  EXPECT_EQ(flat_.grads().data_ptr(), grads);
  EXPECT_EQ(model_[0].tensor.data_ptr(), values);
  at::Tensor rest = flat_.values().clone();
  for (auto& view : flat_.views_of(rest)) view.tensor.zero_();
  EXPECT_EQ(rest.abs().sum().item<float>(), 0);
}

TEST_P(OptimizerConformance, a_rate_of_zero_keeps_the_weights) {
  const at::Tensor before = flat_.values().clone();
  random_gradients(flat_, 1);
  optimizer_->step(flat_, 0, no_skip());
  EXPECT_TRUE(at::equal(flat_.values(), before));
}

INSTANTIATE_TEST_SUITE_P(all, OptimizerConformance, testing::ValuesIn(variants()));

}  // namespace
}  // namespace vit
