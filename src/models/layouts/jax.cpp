// vit_jax and big_vision: Flax modules, kernels with inputs first. The table is written in linen's
// numbering (counted per class); published files count across classes.
#include "vit/core/error.hpp"

#include "flax_names.hpp"
#include "layouts.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <string_view>

namespace vit {

namespace {

constexpr Rules::Suffixes kKernel{"/kernel", "/bias"}, kScale{"/scale", "/bias"};
constexpr const char* kTopPosition = "pos_embedding";
constexpr const char* kEncoderPosition = "Transformer/posembed_input/pos_embedding";

void add_trunk(Rules& rules, const std::string& ours, const std::string& stem) {
  rules.tensor(stem + "conv.weight", "conv_root/kernel", Form::kConv);
  rules.pair(stem + "norm", "gn_root", kScale, Form::kFlat, Form::kFlat);
  const std::string unit = ours + "stages.{}.blocks.{}.", theirs = "block{+1}/unit{+1}/";
  for (const char* i : {"1", "2", "3"}) {
    rules.tensor(unit + "conv" + i + ".weight", theirs + "conv" + i + "/kernel", Form::kConv);
    rules.pair(unit + "norm" + i, theirs + "gn" + i, kScale, Form::kFlat, Form::kFlat);
  }
  rules.tensor(unit + "downsample.conv.weight", theirs + "conv_proj/kernel", Form::kConv);
  rules.pair(unit + "downsample.norm", theirs + "gn_proj", kScale, Form::kFlat, Form::kFlat);
}

void add_block(Rules& rules) {
  const std::string ours = "blocks.{}.", theirs = "Transformer/encoderblock_{}/",
                    attention = theirs + "MultiHeadDotProductAttention_0/";
  rules.pair(ours + "norm1", theirs + "LayerNorm_0", kScale);
  rules.fused(ours + "attn.qkv", attention, {"query", "key", "value"}, kKernel, Form::kProjection,
              Form::kHeadsVector);
  rules.pair(ours + "attn.proj", attention + "out", kKernel, Form::kHeadsToOutput);
  rules.pair(ours + "norm2", theirs + "LayerNorm_1", kScale);
  rules.pair(ours + "mlp.fc1", theirs + "MlpBlock_0/Dense_0", kKernel, Form::kDense);
  rules.pair(ours + "mlp.fc2", theirs + "MlpBlock_0/Dense_1", kKernel, Form::kDense);
}

void add_attention_pool(Rules& rules) {
  const std::string theirs = "MAPHead_0/", attention = theirs + "MultiHeadDotProductAttention_0/";
  rules.tensor("attn_pool.latent", theirs + "probe");
  rules.pair("attn_pool.q", attention + "query", kKernel, Form::kProjection, Form::kHeadsVector);
  rules.fused("attn_pool.kv", attention, {"key", "value"}, kKernel, Form::kProjection,
              Form::kHeadsVector);
  rules.pair("attn_pool.proj", attention + "out", kKernel, Form::kHeadsToOutput);
  rules.pair("attn_pool.norm", theirs + "LayerNorm_0", kScale);
  rules.pair("attn_pool.mlp.fc1", theirs + "MlpBlock_0/Dense_0", kKernel, Form::kDense);
  rules.pair("attn_pool.mlp.fc2", theirs + "MlpBlock_0/Dense_1", kKernel, Form::kDense);
}

Rules resnet_rules() {
  Rules rules;
  add_trunk(rules, "", "stem.");
  return rules.pair("head.fc", "head", kKernel, Form::kHeadConv);
}

// A trunk without stages is nothing but its stem, in timm without a name of its own.
enum class Trunk { kStages, kStemOnly };

Rules transformer_rules(Trunk trunk, JaxForm form) {
  Rules rules;
  rules.tensor("cls_token", "cls");
  const bool on_top = form == JaxForm::kBigVision;
  rules.tensor("pos_embed", on_top ? kTopPosition : kEncoderPosition);
  rules.also_read(Rules().tensor("pos_embed", on_top ? kEncoderPosition : kTopPosition));
  const std::string backbone = "patch_embed.backbone.";
  add_trunk(rules, backbone, trunk == Trunk::kStages ? backbone + "stem." : backbone);
  rules.pair("patch_embed.proj", "embedding", kKernel, Form::kConv);
  add_block(rules);
  rules.pair("norm", "Transformer/encoder_norm", kScale);
  add_attention_pool(rules);
  rules.pair("pre_logits.fc", "pre_logits", kKernel, Form::kDense);
  return rules.pair("head", "head", kKernel, Form::kDense);
}

// g * g patches and a class token; a square number of entries never is.
bool has_class_entry(const at::Tensor& embedding) { return square_side(embedding.size(1) - 1) > 0; }

// big_vision adds position embeddings before the class token joins: the class token has none, which
// is an entry of zeros. Networks that dropped the class token may still hold its entry.
void align_class_position(NamedTensors& tensors, bool on_top) {
  const bool has_class = find_tensor(tensors, "cls_token") != nullptr;
  for (auto& [name, tensor] : tensors) {
    if (name != "pos_embed" || tensor.dim() != 3) continue;
    const bool has_entry = has_class_entry(tensor);
    if (has_class && on_top && !has_entry) tensor = with_zero_entry(tensor);
    if (!has_class && on_top && has_entry) tensor = tensor.slice(1, 1);
  }
}

// The reverse, for models whose embedding has the entry: it becomes part of the class token.
void fold_class_position(NamedTensors& tensors, int64_t patches) {
  at::Tensor entry;
  for (auto& [name, tensor] : tensors) {
    if (name != "pos_embed" || tensor.dim() != 3 || tensor.size(1) == patches) continue;
    entry = tensor.slice(1, 0, 1);
    tensor = tensor.slice(1, 1);
  }
  for (auto& [name, tensor] : tensors) {
    if (name == "cls_token" && entry.defined()) tensor = tensor + entry;
  }
}

[[noreturn]] void refuse(const std::string& name) {
  refuse_tensor("JAX (vit_jax, big_vision)", name);
}

}  // namespace

void import_jax(NamedTensors file, Weights& to) {
  file = flax_entries(std::move(file), to.ignored);
  for (const NamedTensor& entry : file) {
    if (match_pattern("Transformer/encoderblock_{}/MultiHeadDotProductAttention_0/query/kernel",
                      entry.name) &&
        entry.tensor.dim() == 3) {
      to.heads = entry.tensor.size(1);
    }
  }
  const bool on_top = find_tensor(file, kTopPosition) != nullptr;
  const bool transformer = any_name(file, "embedding/kernel") || any_name(file, "Transformer/*");
  const Trunk trunk = any_name(file, "block1/*") ? Trunk::kStages : Trunk::kStemOnly;
  const Rules rules = transformer ? transformer_rules(trunk, JaxForm::kPublished) : resnet_rules();
  to.tensors = import_by(rules, std::move(file), to.name);
  align_class_position(to.tensors, on_top);
}

NamedTensors export_jax(const NamedTensors& timm, const ExportOptions& options) {
  if (any_name(timm, "stem.*")) return export_by(resnet_rules(), timm, options.heads, refuse);
  const bool pools_by_attention = any_name(timm, "attn_pool.*");
  const JaxForm form = pools_by_attention ? JaxForm::kBigVision : options.jax;
  const Trunk trunk =
      any_name(timm, "patch_embed.backbone.stages.*") ? Trunk::kStages : Trunk::kStemOnly;
  NamedTensors ours =
      form == JaxForm::kPublished ? with_class_position(timm, options.patches) : timm;
  if (form == JaxForm::kBigVision && find_tensor(timm, "cls_token") != nullptr)
    fold_class_position(ours, options.patches);
  NamedTensors file = export_by(transformer_rules(trunk, form), ours, options.heads, refuse);
  for (NamedTensor& entry : file) {
    entry.name =
        form == JaxForm::kPublished ? numbered_across_classes(entry.name) : "params/" + entry.name;
  }
  return file;
}

}  // namespace vit
