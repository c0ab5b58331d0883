#include "vit/runtime/flat_parameters.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

namespace vit {
namespace {

constexpr int64_t kAlignment = 16;  // elements: a cache line, and what vector kernels want

int64_t aligned(int64_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

void check_parameters(const NamedTensors& parameters) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : parameters) {
    VIT_CHECK(tensor.defined() && tensor.is_leaf(), "parameter " + name + " is no leaf tensor");
    VIT_CHECK(tensor.scalar_type() == at::kFloat, "parameter " + name + " is not float32");
    VIT_CHECK(tensor.device() == parameters.front().tensor.device(),
              "parameter " + name + " is on another device");
    VIT_CHECK(names.insert(name).second, "there are two parameters called " + name);
  }
}

// The traits in use, in the order in which the model meets them.
std::vector<ParameterTraits> distinct(const std::vector<ParameterTraits>& traits) {
  std::vector<ParameterTraits> kinds;
  for (const ParameterTraits& t : traits) {
    if (!t.frozen && std::ranges::find(kinds, t) == kinds.end()) kinds.push_back(t);
  }
  return kinds;
}

}  // namespace

FlatParameters::FlatParameters(const NamedTensors& parameters,
                               const std::vector<ParameterTraits>& traits) {
  VIT_CHECK(!parameters.empty() && parameters.size() == traits.size(),
            "one entry of traits for each parameter");
  check_parameters(parameters);

  // Where everything goes.
  std::vector<at::Tensor> trained;
  int64_t end = 0;
  for (const ParameterTraits& kind : distinct(traits)) {
    ParameterGroup group{.decay = kind.decay,
                         .lr_scale = kind.lr_scale,
                         .begin = end,
                         .end = 0,
                         .values = {},
                         .grads = {}};
    for (size_t i = 0; i < parameters.size(); ++i) {
      const auto& [name, tensor] = parameters[i];
      if (traits[i] != kind) continue;
      slots_.push_back({name, tensor.sizes().vec(), end});
      trained.push_back(tensor);
      trainable_count_ += tensor.numel();
      end = aligned(end + tensor.numel());
    }
    group.end = end;
    groups_.push_back(group);
  }

  // Moving in.
  values_ = at::zeros({end}, parameters.front().tensor.options().requires_grad(false));
  grads_ = at::zeros_like(values_);
  for (ParameterGroup& group : groups_) {
    group.values = values_.narrow(0, group.begin, group.end - group.begin);
    group.grads = grads_.narrow(0, group.begin, group.end - group.begin);
  }
  const NamedTensors value_views = views_of(values_), grad_views = views_of(grads_);
  for (size_t i = 0; i < trained.size(); ++i) {
    at::Tensor& tensor = trained[i];
    value_views[i].tensor.copy_(tensor.detach());
    tensor.set_data(value_views[i].tensor);
    tensor.set_requires_grad(true);
    tensor.mutable_grad() = grad_views[i].tensor;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (traits[i].frozen) parameters[i].tensor.set_requires_grad(false);
  }
}

void FlatParameters::zero_grad() { grads_.zero_(); }

NamedTensors FlatParameters::views_of(const at::Tensor& flat, const std::string& prefix) const {
  VIT_CHECK(flat.sizes() == values_.sizes(), "a tensor shaped like the flat parameters is needed");
  NamedTensors views;
  views.reserve(slots_.size());
  for (const Slot& slot : slots_) {
    const int64_t count = c10::multiply_integers(slot.shape);
    views.push_back({prefix + slot.name, flat.narrow(0, slot.offset, count).view(slot.shape)});
  }
  return views;
}

}  // namespace vit
