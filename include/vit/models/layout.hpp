// The places published weights live in, and the names and shapes they have there. Everything else
// in this program knows timm's names only; this is the way in and out.
//
// Each layout is one table of rules that is read in both directions. Tensors are viewed, not
// copied, wherever shapes allow; only a fused query-key-value is put together.
#pragma once

#include "vit/core/extent.hpp"
#include "vit/runtime/named_tensor.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vit {

class Model;
struct VitConfig;

enum class Layout {
  kTimm,         // state dicts of timm, and our own files
  kJax,          // .npz of vit_jax and big_vision: ViT, hybrids, post-activation ResNets
  kHuggingFace,  // transformers: ViT and DeiT, under the names of files
  kTorchvision,  // vit_b_16 and its kin
  kBigTransfer,  // .npz of BiT: pre-activation ResNets
};
constexpr auto enum_names(Layout) {
  return std::array{std::pair{"timm", Layout::kTimm}, std::pair{"jax", Layout::kJax},
                    std::pair{"huggingface", Layout::kHuggingFace},
                    std::pair{"torchvision", Layout::kTorchvision},
                    std::pair{"big_transfer", Layout::kBigTransfer}};
}

// Whether it is that of the code the weights were published with (.npz).
bool is_original(Layout layout);

const char* layout_name(Layout layout);        // "timm", "jax", ...
Layout layout_named(const std::string& name);  // throws ConfigError with the names there are

// Tensors under timm's names, and where they come from.
struct Weights {
  std::string name;                    // what messages call the file
  NamedTensors tensors = {};           // what the layout has no name for keeps its own
  Layout layout = Layout::kTimm;       // of the file
  std::vector<std::string> ignored{};  // entries that are no parameters: optimizer state, counters
  int64_t heads = 0;                   // attention heads, where the file tells (jax); else 0
  Extent grid = {};                    // of its position embeddings, where the file tells; else 0x0
};

// By the names of the entries; nothing when they are nobody's.
std::optional<Layout> recognise_layout(const NamedTensors& file);

// `layout`: recognised when not given; names that are nobody's are taken as they are. Prefixes that
// all names share (module., model., ...; params/, opt/target/) go, modules are accepted in old and
// new numbering, missing query-key-value biases become zeros. Throws CheckpointError: `layout` is
// not the file's, or a tensor is not of its rule's kind.
Weights import_weights(NamedTensors file, const std::string& name,
                       std::optional<Layout> layout = {});

// How JAX's names are written.
enum class JaxForm {
  kPublished,  // as the published files: vit_jax's, numbered across classes
  kBigVision,  // below params/, numbered per class, position embedding on top without class token
};

struct ExportOptions {
  int64_t heads = 0;    // attention heads of the model, for jax
  int64_t patches = 0;  // of the model's grid: pos_embed without an entry for the class token gets
                        // a zero one where the layout wants it; 0: it has one
  JaxForm jax = JaxForm::kPublished;  // models with attention pooling always are kBigVision
};

// The inverse: `timm` (state_dict of a model) under the names of `layout`. Entries may be views
// that are not contiguous, and meta tensors stay so. Both jax forms are read by the official
// loaders and by timm's. Throws CheckpointError naming the tensor that has no place there, and why.
NamedTensors export_weights(const NamedTensors& timm, Layout layout,
                            const ExportOptions& options = {});

// config.json of transformers for a network whose weights export_weights(.., kHuggingFace) wrote:
// ViTForImageClassification, DeiTForImageClassificationWithTeacher for a distilled one, ViTModel
// without a head. `classes`: names for id2label, or none. Throws CheckpointError naming the setting
// that transformers' networks have no counterpart of.
std::string huggingface_config(const VitConfig& config, const Model& model,
                               const std::vector<std::string>& classes);

}  // namespace vit
