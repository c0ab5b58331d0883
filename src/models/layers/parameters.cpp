#include "parameters.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace vit {

namespace {

void check_unused(const NamedTensors& tensors, const std::string& name) {
  VIT_CHECK(find_tensor(tensors, name) == nullptr, "two tensors are called '" + name + "'");
}

}  // namespace

Scope Scope::sub(std::string_view name) const { return {list_, prefix_ + std::string(name) + "."}; }

at::Tensor Scope::parameter(std::string_view name, at::IntArrayRef shape,
                            const Initializer& init) const {
  const std::string full_name = prefix_ + std::string(name);
  check_unused(list_->parameters, full_name);
  const auto place = list_->allocation == Allocation::kShapesOnly ? at::kMeta : at::kCPU;
  at::Tensor values = at::empty(shape, at::device(place).dtype(at::kFloat));
  if (list_->allocation == Allocation::kReal)
    init(values, at::detail::createCPUGenerator(list_->seed.stream(full_name).bits()));
  values.set_requires_grad(true);
  list_->parameters.push_back({full_name, values});
  return values;
}

at::Tensor Scope::buffer(std::string_view name, const at::Tensor& value) const {
  const std::string full_name = prefix_ + std::string(name);
  check_unused(list_->buffers, full_name);
  list_->buffers.push_back({full_name, value});
  return value;
}

}  // namespace vit
