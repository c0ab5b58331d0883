#include "vit/core/error.hpp"

#include "rules.hpp"

#include <ATen/ATen.h>

namespace vit {

bool has_rank_of(Form form, const at::Tensor& theirs) {
  switch (form) {
    case Form::kSame:
    case Form::kFlat:
      return true;
    case Form::kDense:
    case Form::kHeadConv:
    case Form::kHeadsVector:
      return theirs.dim() == 2;
    case Form::kProjection:
    case Form::kHeadsToOutput:
      return theirs.dim() == 3;
    case Form::kConv:
      return theirs.dim() == 4;
  }
  VIT_CHECK(false, "unknown form");
}

at::Tensor to_ours(Form form, const at::Tensor& theirs) {
  switch (form) {
    case Form::kSame:
      return theirs;
    case Form::kFlat:
    case Form::kHeadsVector:
      return theirs.reshape({-1});
    case Form::kDense:
      return theirs.t();
    case Form::kConv:
      return theirs.permute({3, 2, 0, 1});
    case Form::kHeadConv:
      return theirs.t().unsqueeze(-1).unsqueeze(-1);
    case Form::kProjection:
      return theirs.flatten(1).t();
    case Form::kHeadsToOutput:
      return theirs.flatten(0, 1).t();
  }
  VIT_CHECK(false, "unknown form");
}

bool has_our_rank(Form form, const at::Tensor& ours) {
  switch (form) {
    case Form::kSame:
    case Form::kFlat:
      return true;
    case Form::kHeadsVector:
      return ours.dim() == 1;
    case Form::kDense:
    case Form::kProjection:
    case Form::kHeadsToOutput:
      return ours.dim() == 2;
    case Form::kConv:
    case Form::kHeadConv:
      return ours.dim() == 4;
  }
  VIT_CHECK(false, "unknown form");
}

at::Tensor to_theirs(Form form, const at::Tensor& ours, int64_t heads) {
  const auto by_head = [&](const at::Tensor& tensor, int64_t dimension) {
    if (heads <= 0 || tensor.size(dimension) % heads != 0) {
      throw CheckpointError(
          "this layout needs the model's number of attention heads\n"
          "name the model (--model NAME), or add --set model.heads=N");
    }
    return tensor.unflatten(dimension, {heads, tensor.size(dimension) / heads});
  };
  switch (form) {
    case Form::kSame:
    case Form::kFlat:
      return ours;
    case Form::kDense:
      return ours.t();
    case Form::kConv:
      return ours.permute({2, 3, 1, 0});
    case Form::kHeadConv:
      return ours.flatten(1).t();
    case Form::kProjection:
      return by_head(ours.t(), 1);
    case Form::kHeadsVector:
      return by_head(ours, 0);
    case Form::kHeadsToOutput:
      return by_head(ours.t(), 0);
  }
  VIT_CHECK(false, "unknown form");
}

}  // namespace vit
