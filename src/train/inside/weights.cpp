// D filters or width, C channels, p x q pixels, h x w patches
#include "weights.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace vit {
namespace {

at::Tensor standardised(const at::Tensor& weight) {
  const at::Tensor flat = weight.flatten(1);  // [D, C*p*q]
  const at::Tensor centred = flat - flat.mean(1, /*keepdim=*/true);
  const at::Tensor spread = centred.square().mean(1, /*keepdim=*/true).sqrt();
  return (centred / spread.clamp_min(1e-8)).view_as(weight);
}

// Rows and columns of a table in two halves (position_embedding.cpp joins them likewise).
at::Tensor joined(const at::Tensor& columns, const at::Tensor& rows, Extent grid) {
  const int64_t half = columns.size(2);
  const at::Tensor x = columns.unsqueeze(1).expand({1, grid.height, grid.width, half});
  const at::Tensor y = rows.unsqueeze(2).expand({1, grid.height, grid.width, half});
  return at::cat({x, y}, 3).flatten(1, 2).squeeze(0);  // [h*w, D]
}

}  // namespace

FilterComponents principal_components(const at::Tensor& filters, int64_t count) {
  const at::Tensor flat = filters.detach().to(at::kCPU, at::kDouble).flatten(1);  // [D, C*p*q]
  const at::Tensor mean = flat.mean(0);
  const auto [left, values, right] = at::linalg_svd(flat - mean, /*full_matrices=*/false);
  const at::Tensor variance = values.square();
  const int64_t kept = std::min(count, values.size(0));

  at::Tensor components = right.slice(0, 0, kept);  // [K, C*p*q]
  const at::Tensor largest =
      components.gather(1, components.abs().argmax(1, /*keepdim=*/true));  // [K, 1]
  components = components * largest.sign();

  const auto like_filters = [&](const at::Tensor& t) {
    return t.unflatten(-1, filters.sizes().slice(1)).to(at::kFloat);
  };
  return {like_filters(mean), like_filters(components), values.slice(0, 0, kept).to(at::kFloat),
          (variance / variance.sum().clamp_min(1e-300)).slice(0, 0, kept).to(at::kFloat)};
}

at::Tensor position_similarity(const at::Tensor& table, Extent grid) {
  at::Tensor unit = table.detach().to(at::kCPU, at::kFloat);
  unit = unit / unit.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
  return at::matmul(unit, unit.t()).view({grid.height, grid.width, grid.height, grid.width});
}

std::optional<Filters> first_filters(const Model& model) {
  for (const char* stem : {"patch_embed.backbone.stem.conv.weight",
                           "patch_embed.backbone.conv.weight", "stem.conv.weight"}) {
    if (const at::Tensor* weight = find_tensor(model.parameters(), stem))
      return Filters{stem, standardised(*weight)};
  }
  const char* projection = "patch_embed.proj.weight";
  const at::Tensor* weight = find_tensor(model.parameters(), projection);
  if (weight == nullptr) return std::nullopt;
  return Filters{projection, *weight};
}

std::optional<PositionEmbeddings> position_embeddings(const Model& model, Extent grid) {
  const NamedTensors tensors = state_dict(model);
  for (const std::string place : {"", "blocks.0."}) {
    if (const at::Tensor* table = find_tensor(tensors, place + "pos_embed"))
      return PositionEmbeddings{place + "pos_embed", table->squeeze(0).slice(0, -grid.area())};
    const at::Tensor* columns = find_tensor(tensors, place + "pos_embed_x");
    const at::Tensor* rows = find_tensor(tensors, place + "pos_embed_y");
    if (columns != nullptr && rows != nullptr)
      return PositionEmbeddings{place + "pos_embed_x, _y", joined(*columns, *rows, grid)};
  }
  return std::nullopt;
}

}  // namespace vit
