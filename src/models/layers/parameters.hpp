// Where layers create their parameters: a name prefix over one growing list.
//
// Scope("blocks.0.").sub("attn") creates "blocks.0.attn.*". The list is in order of creation, so
// constructors create in timm's order. A starting value is a function of (seed, full name) alone:
// adding a layer does not change the others.
#pragma once

#include "vit/models/model.hpp"

#include "init.hpp"

#include <string>
#include <string_view>

namespace vit {

struct ParameterList {
  NamedTensors parameters;  // trainable leaves, fp32, on the CPU
  NamedTensors buffers;     // fixed, but part of the state dict
  Random seed{0};
  Allocation allocation = Allocation::kReal;
};

class Scope {
 public:
  explicit Scope(ParameterList& list) : list_(&list) {}

  Scope sub(std::string_view name) const;  // "attn" -> "<prefix>attn."

  at::Tensor parameter(std::string_view name, at::IntArrayRef shape, const Initializer& init) const;
  at::Tensor buffer(std::string_view name, const at::Tensor& value) const;

 private:
  Scope(ParameterList* list, std::string prefix) : list_(list), prefix_(std::move(prefix)) {}

  ParameterList* list_;
  std::string prefix_;
};

}  // namespace vit
