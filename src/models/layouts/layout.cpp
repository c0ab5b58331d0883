#include "vit/models/layout.hpp"

#include "vit/core/error.hpp"
#include "vit/core/text.hpp"

#include "layouts.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

namespace vit {

namespace {

// Names that only files of one layout have.
struct Sign {
  Layout layout;
  const char* glob;
};
constexpr Sign kSigns[] = {
    {Layout::kBigTransfer, "*root_block/standardized_conv2d*/kernel"},
    {Layout::kBigTransfer, "*unit01/a/group_norm*"},
    {Layout::kJax, "*Transformer/encoderblock*"},
    {Layout::kJax, "*embedding/kernel"},
    {Layout::kJax, "*conv_root/kernel"},
    {Layout::kHuggingFace, "*embeddings.patch_embeddings.projection.*"},
    {Layout::kHuggingFace, "*encoder.layer.*.attention.attention.*"},
    {Layout::kTorchvision, "*encoder.layers.encoder_layer_*"},
    {Layout::kTorchvision, "conv_proj.*"},
    {Layout::kTimm, "patch_embed.*"},
    {Layout::kTimm, "blocks.*.attn.*"},
    {Layout::kTimm, "stem.conv.weight"},
    {Layout::kTimm, "stages.*.blocks.*"},
};

std::optional<Layout> recognise(const NamedTensors& file) {
  for (const Sign& sign : kSigns) {
    if (any_name(file, sign.glob)) return sign.layout;
  }
  return std::nullopt;
}

// Wrappers of training frameworks put their name in front of every tensor's.
void strip_shared_prefix(NamedTensors& file) {
  constexpr std::string_view kWrappers[] = {"module.", "model.", "_orig_mod.", "state_dict."};
  const auto shared = [&](std::string_view prefix) {
    return !file.empty() && std::ranges::all_of(file, [&](const NamedTensor& entry) {
      return entry.name.starts_with(prefix);
    });
  };
  for (const std::string_view* prefix = std::begin(kWrappers); prefix != std::end(kWrappers);) {
    if (!shared(*prefix)) {
      ++prefix;
      continue;
    }
    for (NamedTensor& entry : file) entry.name.erase(0, prefix->size());
    prefix = std::begin(kWrappers);
  }
}

// The parts of timm's networks that other layouts may lack, in words.
std::string what_it_is(const std::string& name) {
  struct Part {
    const char *glob, *words;
  };
  constexpr Part kParts[] = {
      {"*.ls?.gamma", "layer scale"},
      {"dist_token", "a distillation token"},
      {"head_dist.*", "a distillation head"},
      {"fc_norm.*", "a norm after pooling (mean_fc_norm)"},
      {"attn_pool.*", "attention pooling"},
      {"pre_logits.*", "a hidden layer before the head"},
      {"patch_embed.backbone.*", "a convolutional trunk"},
      {"pos_embed_?", "position embeddings by row and column"},
      {"blocks.*.pos_embed*", "position embeddings in every block"},
      {"blocks.*.attn.*pos*", "relative position embeddings"},
      {"blocks.*", "this kind of block"},
      {"cls_token", "a class token"},
      {"stem.norm.*", "a norm in the stem (a post-activation ResNet)"},
      {"*downsample.norm.*", "a norm in the shortcut (a post-activation ResNet)"},
      {"norm.*", "the final norm of a pre-activation ResNet"},
      {"stages.*", "a ResNet"},
      {"stem.*", "a ResNet"},
  };
  for (const Part& part : kParts) {
    if (matches_glob(name, part.glob)) return part.words;
  }
  return "a tensor it does not know";
}

}  // namespace

bool any_name(const NamedTensors& tensors, std::string_view glob) {
  return std::ranges::any_of(
      tensors, [&](const NamedTensor& entry) { return matches_glob(entry.name, glob); });
}

void refuse_tensor(const std::string& owner, const std::string& name) {
  throw CheckpointError(fmt::format("{} has no place for {}: {}", owner, name, what_it_is(name)));
}

at::Tensor with_zero_entry(const at::Tensor& embedding) {
  return at::cat({at::zeros({1, 1, embedding.size(2)}, embedding.options()), embedding}, 1);
}

NamedTensors with_class_position(const NamedTensors& timm, int64_t patches) {
  NamedTensors all = timm;
  if (find_tensor(timm, "cls_token") == nullptr) return all;
  for (auto& [name, tensor] : all) {
    if (name != "pos_embed" || tensor.dim() != 3 || tensor.size(1) != patches) continue;
    tensor = with_zero_entry(tensor);
  }
  return all;
}

bool is_original(Layout layout) { return layout == Layout::kJax || layout == Layout::kBigTransfer; }

const char* layout_name(Layout layout) {
  for (const auto& [name, value] : enum_names(layout)) {
    if (value == layout) return name;
  }
  VIT_CHECK(false, "unknown layout");
}

Layout layout_named(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, layout] : enum_names(Layout{})) {
    if (name == known) return layout;
    names.emplace_back(known);
  }
  const std::string near = closest(name, names);
  throw ConfigError("there is no layout called '" + name + "'" +
                    (near.empty() ? "" : "; did you mean '" + near + "'?") +
                    "\nlayouts: " + join(names, ", "));
}

std::optional<Layout> recognise_layout(const NamedTensors& file) {
  NamedTensors bare = file;
  strip_shared_prefix(bare);
  return recognise(bare);
}

Weights import_weights(NamedTensors file, const std::string& name, std::optional<Layout> layout) {
  Weights weights{.name = name};
  strip_shared_prefix(file);
  const std::optional<Layout> recognised = recognise(file);
  if (layout && recognised && *layout != *recognised) {
    throw CheckpointError(fmt::format(
        "weights '{}' have the names of {}, not of {}\nleave the layout out, or name {}", name,
        layout_name(*recognised), layout_name(*layout), layout_name(*recognised)));
  }
  weights.layout = layout ? *layout : recognised.value_or(Layout::kTimm);
  switch (weights.layout) {
    case Layout::kTimm:
      weights.tensors = std::move(file);
      return weights;
    case Layout::kJax:
      import_jax(std::move(file), weights);
      return weights;
    case Layout::kHuggingFace:
      import_huggingface(std::move(file), weights);
      return weights;
    case Layout::kTorchvision:
      import_torchvision(std::move(file), weights);
      return weights;
    case Layout::kBigTransfer:
      import_big_transfer(std::move(file), weights);
      return weights;
  }
  VIT_CHECK(false, "unknown layout");
}

NamedTensors export_weights(const NamedTensors& timm, Layout layout, const ExportOptions& options) {
  switch (layout) {
    case Layout::kTimm:
      return timm;
    case Layout::kJax:
      return export_jax(timm, options);
    case Layout::kHuggingFace:
      return export_huggingface(timm, options);
    case Layout::kTorchvision:
      return export_torchvision(timm, options);
    case Layout::kBigTransfer:
      return export_big_transfer(timm);
  }
  VIT_CHECK(false, "unknown layout");
}

}  // namespace vit
