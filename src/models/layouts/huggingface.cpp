// transformers' ViT and DeiT, under the names their files have. Newer versions use other names in
// memory and translate; those are read too.
#include "vit/core/error.hpp"

#include "layouts.hpp"

namespace vit {

namespace {

constexpr Rules::Suffixes kPlain{".weight", ".bias"};

// The names of files.
void add_blocks(Rules& rules, const std::string& trunk) {
  const std::string ours = "blocks.{}.", theirs = trunk + "encoder.layer.{}.";
  rules.pair(ours + "norm1", theirs + "layernorm_before", kPlain);
  rules.fused(ours + "attn.qkv", theirs + "attention.attention.", {"query", "key", "value"},
              kPlain);
  rules.pair(ours + "attn.proj", theirs + "attention.output.dense", kPlain);
  rules.pair(ours + "norm2", theirs + "layernorm_after", kPlain);
  rules.pair(ours + "mlp.fc1", theirs + "intermediate.dense", kPlain);
  rules.pair(ours + "mlp.fc2", theirs + "output.dense", kPlain);
}

// The names of state_dict() since transformers 5.
void add_blocks_in_memory(Rules& rules, const std::string& trunk) {
  const std::string ours = "blocks.{}.", theirs = trunk + "layers.{}.";
  rules.pair(ours + "norm1", theirs + "layernorm_before", kPlain);
  rules.fused(ours + "attn.qkv", theirs + "attention.", {"q_proj", "k_proj", "v_proj"}, kPlain);
  rules.pair(ours + "attn.proj", theirs + "attention.o_proj", kPlain);
  rules.pair(ours + "norm2", theirs + "layernorm_after", kPlain);
  rules.pair(ours + "mlp.fc1", theirs + "mlp.fc1", kPlain);
  rules.pair(ours + "mlp.fc2", theirs + "mlp.fc2", kPlain);
}

// `trunk`: "vit.", "deit.", or "" for the network without a head.
Rules transformer_rules(const std::string& trunk, bool distilled) {
  Rules rules;
  rules.tensor("cls_token", trunk + "embeddings.cls_token");
  rules.tensor("dist_token", trunk + "embeddings.distillation_token");
  rules.tensor("pos_embed", trunk + "embeddings.position_embeddings");
  rules.pair("patch_embed.proj", trunk + "embeddings.patch_embeddings.projection", kPlain);
  add_blocks(rules, trunk);
  rules.pair("norm", trunk + "layernorm", kPlain);
  rules.pair("pre_logits.fc", trunk + "pooler.dense", kPlain);
  rules.pair("head", distilled ? "cls_classifier" : "classifier", kPlain);
  rules.pair("head_dist", "distillation_classifier", kPlain);
  Rules others;
  add_blocks_in_memory(others, trunk);
  others.pair("head", distilled ? "classifier" : "cls_classifier", kPlain);
  return rules.also_read(others);
}

[[noreturn]] void refuse(const std::string& name) {
  refuse_tensor("transformers (ViT, DeiT)", name);
}

}  // namespace

void import_huggingface(NamedTensors file, Weights& to) {
  std::string trunk;
  for (const char* prefix : {"vit.", "deit."}) {
    if (any_name(file, std::string(prefix) + "*")) trunk = prefix;
  }
  to.tensors = import_by(transformer_rules(trunk, false), std::move(file), to.name);
}

NamedTensors export_huggingface(const NamedTensors& timm, const ExportOptions& options) {
  const auto has = [&](const char* name) { return find_tensor(timm, name) != nullptr; };
  if (!has("cls_token"))
    throw CheckpointError("transformers' ViT needs a class token, which this model lacks");
  if (has("head.weight") && has("pre_logits.fc.weight")) {
    throw CheckpointError(
        "transformers' image classifier has no hidden layer (pre_logits) before its head\n"
        "leave the head out: then the hidden layer is the pooler of a ViTModel");
  }
  const bool distilled = has("dist_token");
  const std::string trunk = distilled ? "deit." : "vit.";
  return export_by(transformer_rules(has("head.weight") ? trunk : "", distilled),
                   with_class_position(timm, options.patches), options.heads, refuse);
}

}  // namespace vit
