// torchvision's vision transformers.
#include "vit/core/error.hpp"

#include "layouts.hpp"

namespace vit {

namespace {

constexpr Rules::Suffixes kPlain{".weight", ".bias"};

Rules transformer_rules() {
  Rules rules;
  rules.tensor("cls_token", "class_token").tensor("pos_embed", "encoder.pos_embedding");
  rules.pair("patch_embed.proj", "conv_proj", kPlain);
  const std::string ours = "blocks.{}.", theirs = "encoder.layers.encoder_layer_{}.";
  rules.pair(ours + "norm1", theirs + "ln_1", kPlain);
  rules.pair(ours + "attn.qkv", theirs + "self_attention.in_proj", {"_weight", "_bias"});
  rules.pair(ours + "attn.proj", theirs + "self_attention.out_proj", kPlain);
  rules.pair(ours + "norm2", theirs + "ln_2", kPlain);
  rules.pair(ours + "mlp.fc1", theirs + "mlp.0", kPlain);
  rules.pair(ours + "mlp.fc2", theirs + "mlp.3", kPlain);
  rules.pair("norm", "encoder.ln", kPlain);
  rules.pair("pre_logits.fc", "heads.pre_logits", kPlain);
  rules.pair("head", "heads.head", kPlain);
  return rules.also_read(Rules()  // names before version 0.13
                             .pair(ours + "mlp.fc1", theirs + "mlp.linear_1", kPlain)
                             .pair(ours + "mlp.fc2", theirs + "mlp.linear_2", kPlain));
}

[[noreturn]] void refuse(const std::string& name) { refuse_tensor("torchvision", name); }

}  // namespace

void import_torchvision(NamedTensors file, Weights& to) {
  to.tensors = import_by(transformer_rules(), std::move(file), to.name);
}

NamedTensors export_torchvision(const NamedTensors& timm, const ExportOptions& options) {
  if (find_tensor(timm, "cls_token") == nullptr)
    throw CheckpointError(
        "torchvision's vision transformer needs a class token, which this model lacks");
  return export_by(transformer_rules(), with_class_position(timm, options.patches), options.heads,
                   refuse);
}

}  // namespace vit
