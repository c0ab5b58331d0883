// The layouts that layout.cpp chooses from. A file arrives without the prefix that all its names
// share.
#pragma once

#include "vit/models/layout.hpp"

#include "rules.hpp"

namespace vit {

// Fill tensors, ignored and heads of `to`, whose name is set.
void import_jax(NamedTensors file, Weights& to);
void import_big_transfer(NamedTensors file, Weights& to);
void import_huggingface(NamedTensors file, Weights& to);
void import_torchvision(NamedTensors file, Weights& to);

NamedTensors export_jax(const NamedTensors& timm, const ExportOptions& options);
NamedTensors export_big_transfer(const NamedTensors& timm);
NamedTensors export_huggingface(const NamedTensors& timm, const ExportOptions& options);
NamedTensors export_torchvision(const NamedTensors& timm, const ExportOptions& options);

// Throws: `owner` ("transformers") has no place for our tensor `name`, and what that is.
[[noreturn]] void refuse_tensor(const std::string& owner, const std::string& name);

bool any_name(const NamedTensors& tensors, std::string_view glob);

// [1, N, D] -> [1, 1 + N, D]: with an entry of zeros in front.
at::Tensor with_zero_entry(const at::Tensor& embedding);

// `timm` with a zero entry for the class token in front of a pos_embed that has none.
NamedTensors with_class_position(const NamedTensors& timm, int64_t patches);

}  // namespace vit
