// Parameters and gradients as views of two flat tensors, through real backward passes.
#include "vit/runtime/flat_parameters.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

NamedTensors small_model() {
  NamedTensors parameters = {{"first.weight", at::randn({5, 7})},
                             {"first.bias", at::randn({5})},
                             {"second.weight", at::randn({3, 5})},
                             {"second.bias", at::randn({3})}};
  for (auto& p : parameters) p.tensor.set_requires_grad(true);
  return parameters;
}

const std::vector<ParameterTraits> kBiasesUndecayed = {{}, {.decay = 0}, {}, {.decay = 0}};

at::Tensor loss_of(const NamedTensors& p, const at::Tensor& x) {
  const at::Tensor hidden = at::linear(x, p[0].tensor, p[1].tensor).tanh();
  return at::linear(hidden, p[2].tensor, p[3].tensor).square().sum();
}

TEST(FlatParameters, tensors_become_views_and_keep_their_values) {
  const NamedTensors model = small_model();
  std::vector<at::Tensor> before;
  for (const auto& p : model) before.push_back(p.tensor.detach().clone());
  FlatParameters flat(model, kBiasesUndecayed);

  EXPECT_EQ(flat.trainable_count(), 35 + 5 + 15 + 3);
  ASSERT_EQ(flat.groups().size(), 2u);
  const auto views = flat.views_of(flat.values());
  const auto grad_views = flat.views_of(flat.grads(), "grad/");
  for (size_t i = 0; i < model.size(); ++i) {
    const at::Tensor* view = find_tensor(views, model[i].name);
    ASSERT_NE(view, nullptr);
    EXPECT_EQ(view->data_ptr(), model[i].tensor.data_ptr());
    EXPECT_EQ(find_tensor(grad_views, "grad/" + model[i].name)->data_ptr(),
              model[i].tensor.grad().data_ptr());
    EXPECT_TRUE(at::equal(model[i].tensor, before[i]));
    EXPECT_TRUE(model[i].tensor.is_leaf() && model[i].tensor.requires_grad());
    EXPECT_EQ((view->data_ptr<float>() - flat.values().data_ptr<float>()) % 16, 0);
  }
  flat.values().fill_(2);
  for (const auto& p : model) EXPECT_TRUE(at::equal(p.tensor, at::full_like(p.tensor, 2)));
}

TEST(FlatParameters, groups_are_contiguous_and_cover_everything) {
  FlatParameters flat(small_model(), kBiasesUndecayed);
  int64_t end = 0;
  for (const ParameterGroup& group : flat.groups()) {
    EXPECT_EQ(group.begin, end);
    end = group.end;
    EXPECT_EQ(group.values.data_ptr<float>(), flat.values().data_ptr<float>() + group.begin);
    EXPECT_EQ(group.grads.data_ptr<float>(), flat.grads().data_ptr<float>() + group.begin);
    EXPECT_EQ(group.values.numel(), group.end - group.begin);
  }
  EXPECT_EQ(end, flat.values().numel());
  EXPECT_EQ(flat.groups()[0].decay, 1);
  EXPECT_EQ(flat.groups()[1].decay, 0);
}

TEST(FlatParameters, gradients_stay_in_place_and_are_right) {
  const NamedTensors model = small_model();
  NamedTensors reference = model;
  for (auto& p : reference) p.tensor = p.tensor.detach().clone().set_requires_grad(true);
  FlatParameters flat(model, kBiasesUndecayed);
  std::vector<const void*> addresses;
  for (const auto& p : model) addresses.push_back(p.tensor.grad().data_ptr());

  for (int step = 0; step < 3; ++step) {
    const at::Tensor x = at::randn({4, 7});
    flat.zero_grad();
    EXPECT_EQ(flat.grads().abs().sum().item<float>(), 0);
    loss_of(model, x).backward();
    loss_of(model, x).backward();  // accumulates
    for (auto& p : reference) p.tensor.mutable_grad() = at::Tensor();
    loss_of(reference, x).mul(2).backward();
    for (size_t i = 0; i < model.size(); ++i) {
      EXPECT_EQ(model[i].tensor.grad().data_ptr(), addresses[i])
          << model[i].name << " in step " << step;
      EXPECT_TRUE(at::allclose(model[i].tensor.grad(), reference[i].tensor.grad(), 1e-5, 1e-5))
          << model[i].name;
    }
    flat.values().add_(flat.grads(), -0.01);
    for (auto& p : reference) p.tensor.detach().add_(p.tensor.grad(), -0.01);
  }
}

TEST(FlatParameters, padding_stays_zero) {
  const NamedTensors model = small_model();
  FlatParameters flat(model, kBiasesUndecayed);
  loss_of(model, at::randn({4, 7})).backward();
  for (const at::Tensor& all : {flat.values(), flat.grads()}) {
    at::Tensor rest = all.clone();
    for (auto& view : flat.views_of(rest)) view.tensor.zero_();
    EXPECT_EQ(rest.abs().sum().item<float>(), 0);
  }
}

TEST(FlatParameters, frozen_parameters_stay_outside) {
  const NamedTensors model = small_model();
  const void* address = model[0].tensor.data_ptr();
  FlatParameters flat(model, {{.frozen = true}, {}, {.lr_scale = 0.5}, {}});
  EXPECT_EQ(model[0].tensor.data_ptr(), address);
  EXPECT_FALSE(model[0].tensor.requires_grad());
  EXPECT_EQ(find_tensor(flat.views_of(flat.values()), "first.weight"), nullptr);
  EXPECT_EQ(flat.trainable_count(), 5 + 15 + 3);
  loss_of(model, at::randn({4, 7})).backward();
  EXPECT_FALSE(model[0].tensor.grad().defined());
}

TEST(FlatParameters, mistakes_of_the_caller_are_caught) {
  NamedTensors twice = small_model();
  twice[1].name = twice[0].name;
  EXPECT_THROW(FlatParameters(twice, kBiasesUndecayed), Error);
  NamedTensors halves = small_model();
  halves[2].tensor = halves[2].tensor.detach().to(at::kHalf);
  EXPECT_THROW(FlatParameters(halves, kBiasesUndecayed), Error);
  EXPECT_THROW(FlatParameters(small_model(), {{}}), Error);
}

}  // namespace
}  // namespace vit
