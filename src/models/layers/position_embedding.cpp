// T tokens, h x w grid, D width
#include "position_embedding.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>

namespace vit {

namespace {

const Initializer& position_init() {
  static const Initializer init = normal(0.02);  // of the reference, not truncated
  return init;
}

}  // namespace

PositionTable::PositionTable(const Scope& scope, const Options& options)
    : grid_(options.grid), tokens_(options.leading + options.grid.area()) {
  const int64_t embedded = options.embed_leading ? options.leading : 0;
  switch (options.kind) {
    case PositionEmbedding::kLearned:
      table_ = scope.parameter("pos_embed", {1, embedded + grid_.area(), options.width},
                               position_init());
      return;
    case PositionEmbedding::kLearned2d:
      x_ = scope.parameter("pos_embed_x", {1, grid_.width, options.width / 2}, position_init());
      y_ = scope.parameter("pos_embed_y", {1, grid_.height, options.width / 2}, position_init());
      return;
    case PositionEmbedding::kSincos2d:
      table_ = scope.buffer("pos_embed", sincos_position_embedding(grid_, options.width, embedded));
      return;
    case PositionEmbedding::kRelative:
    case PositionEmbedding::kNone:
      break;
  }
  VIT_CHECK(false, "these position embeddings have no table");
}

at::Tensor PositionTable::operator()() const {
  at::Tensor table = table_;
  if (!table.defined()) {
    const int64_t half = x_.size(2);
    const at::Tensor columns = x_.unsqueeze(1).expand({1, grid_.height, grid_.width, half});
    const at::Tensor rows = y_.unsqueeze(2).expand({1, grid_.height, grid_.width, half});
    table = at::cat({columns, rows}, 3).flatten(1, 2);  // [1, h*w, D]
  }
  const int64_t missing = tokens_ - table.size(1);
  return missing == 0 ? table : at::constant_pad_nd(table, {0, 0, missing, 0});  // [1, T, D]
}

Extent grid_of_position_parameter(std::string_view name, Extent patches) {
  if (name.ends_with("pos_embed")) return patches;
  if (name.ends_with("pos_embed_x")) return {1, patches.width};
  if (name.ends_with("pos_embed_y")) return {1, patches.height};
  return {};
}

at::Tensor sincos_position_embedding(Extent grid, int64_t width, int64_t leading) {
  const int64_t quarter = width / 4;
  const auto options = at::TensorOptions(at::kDouble);
  const at::Tensor frequency =
      at::pow(10000.0, -at::arange(quarter, options) / static_cast<double>(quarter - 1));  // [D/4]
  const at::Tensor place = at::arange(grid.area(), options);
  const at::Tensor row = at::floor(place / static_cast<double>(grid.width));         // [N]
  const at::Tensor column = place - row * static_cast<double>(grid.width);           // [N]
  const at::Tensor x = at::outer(column, frequency), y = at::outer(row, frequency);  // [N, D/4]
  const at::Tensor patches = at::cat({x.sin(), x.cos(), y.sin(), y.cos()}, 1);       // [N, D]
  return at::cat({at::zeros({leading, width}, options), patches}).to(at::kFloat).unsqueeze(0);
}

}  // namespace vit
