// What the trainer, evaluator and tools know of a network: images in, logits out, parameters under
// timm's names.
//
// A model is plain data (tensors with names) plus a forward function written with LibTorch's
// differentiable operators; there is no torch::nn::Module underneath: parameters are listed once,
// in timm's order, by the constructor that creates them.
#pragma once

#include "vit/config/component.hpp"
#include "vit/core/extent.hpp"
#include "vit/core/random.hpp"
#include "vit/runtime/named_tensor.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace vit {

// kUninitialised: parameters have memory but no values yet; for models that get all of them from a
// file. kShapesOnly: names and shapes but no memory; for lists and estimates of large models.
enum class Allocation { kReal, kUninitialised, kShapesOnly };

// What the data decide about a network.
struct ModelArgs {
  int64_t classes =
      0;  // outputs of the head; 0: no head, forward returns the pooled representation
  int64_t channels = 3;  // of the images
  Random seed{0};        // of the initialisers: each parameter draws from seed.stream(its name)
  Allocation allocation = Allocation::kReal;
};

// Collects intermediate results by name while a forward runs (probing, attention maps, tests).
// Names are those of the golden files: stem, stage0, ... of ResNets and hybrids, trunk;
// patch_embed, embed, block0, block1, ..., norm, pooled, pre_logits, head, head_dist, and attn0,
// ... for attention probabilities.
class Taps {
 public:
  virtual ~Taps() = default;
  virtual void see(const std::string& name, const at::Tensor& value) = 0;
  // Whether attention probabilities of that name are worth computing: fused attention has none, and
  // is faster.
  virtual bool wants(const std::string& /*name*/) const { return true; }
};

// Arithmetic of one forward pass of one image. The paper's compute (Table 6) leaves padding out.
struct ModelCost {
  double macs = 0;  // multiply-accumulates of convolutions, dense layers and attention products
  double macs_unpadded = 0;  // the same without those that meet a padding zero of a convolution
  int64_t tokens = 0;        // sequence length, class token included; 0 for networks without tokens
};

enum class Mode { kTrain, kEval };

// Changes the embeddings of the patches, [B, N, D] -> [B, N, D], before they are given places.
using PatchEdit = std::function<at::Tensor(const at::Tensor& patches)>;

// The patches of networks that have tokens.
struct PatchTokens {
  Extent grid;        // N = rows x columns; 0x0: there are none
  Extent pitch;       // pixels of the image that a patch covers, counted from its top left
  int64_t width = 0;  // D
};

class Model {
 public:
  virtual ~Model() = default;

  // images [B, channels, H, W], normalised floats, H x W = input_size() -> logits [B, classes]
  // (fp32 outside autocast). kTrain draws dropout and stochastic depth from LibTorch's default
  // generator.
  virtual at::Tensor forward(const at::Tensor& images, Mode mode, Taps* taps = nullptr) const = 0;

  // What encode_patches() works on; a ResNet has none.
  virtual PatchTokens patch_tokens() const { return {}; }

  // What the last block (and the final norm, where there is one) makes of every patch: images as
  // above -> [B, N, D]. `edit` may be empty. Only for networks with patch_tokens().
  virtual at::Tensor encode_patches(const at::Tensor& images, Mode mode,
                                    const PatchEdit& edit) const;

  // Every parameter, in timm's order. The tensors are the model's own: writing into them, or giving
  // them other storage (set_data), changes the model.
  virtual const NamedTensors& parameters() const = 0;

  // Tensors of the state dict that are not trained and follow from the configuration: none for ViT
  // (a fixed position embedding is stored as `pos_embed` so that timm loads it, and is listed
  // here).
  virtual const NamedTensors& buffers() const = 0;

  virtual Extent input_size() const = 0;

  // Rows and columns of the grid that the parameter `name`, [1, tokens + rows * columns, D],
  // describes; the entries before the grid are of tokens without a place. 0x0 for any other
  // parameter.
  virtual Extent position_grid(const std::string& /*name*/) const { return {}; }

  virtual int64_t classes() const = 0;
  virtual int64_t channels() const = 0;
  virtual ModelCost cost() const = 0;
};

// Moves all parameters and buffers to `device`.
void move_to(Model& model, c10::Device device);

// parameters() then buffers(): what model.safetensors holds.
NamedTensors state_dict(const Model& model);

int64_t parameter_count(const Model& model);

// Catalogue of model families with their presets: `model: {name: vit_b16, depth: 6}`. Canonical
// names are vit_b16, vit_s32, ...; the paper's (ViT-B/16) and timm's (vit_base_patch16_224) are
// aliases.
struct Models {
  using Catalog = config::Catalog<Model, const ModelArgs&>;
  static const Catalog& catalog();
};
using ModelSection = config::Component<Models>;

}  // namespace vit
