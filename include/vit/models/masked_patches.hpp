// Masked patch prediction (Dosovitskiy et al. 2021, section 4.6 and B.1.2): the embeddings of half
// of an image's patches are corrupted, and the network says from its output for each of those
// patches what was there.
//
// The paper's code was never published. What it leaves open is settled so: exactly the share of
// each image is corrupted, drawn without replacement; "another patch" is of the same image; the
// replacement happens before positions are added; the mask embedding starts normal(0.02); the
// prediction is a dense layer on the output after the final norm, LeCun normal.
#pragma once

#include "vit/models/model.hpp"

#include <cstdint>
#include <memory>

namespace vit {

// Shares of the paper. Of all patches, `corrupted` are predicted; of these, `masked` get the mask
// embedding, `swapped` that of another patch, and the rest stay as they are.
struct CorruptionShares {
  double corrupted = 0.5, masked = 0.8, swapped = 0.1;
};

// How many of an image's patches are corrupted: the share of them, rounded.
int64_t corrupted_patches(int64_t patches, const CorruptionShares& shares);

// What happens to the N patches of B images, of which K each are corrupted.
struct Corruption {
  at::Tensor places;  // [B, K] int64: the corrupted ones, in no order
  at::Tensor masked;  // [B, N] bool: those of them that the mask embedding stands for
  at::Tensor source;  // [B, N] int64: the patch whose embedding stands here, mostly its own number
};

// Draws from LibTorch's default generator of the device, as dropout does, without waiting for it.
Corruption draw_corruption(int64_t images, int64_t patches, const CorruptionShares& shares,
                           c10::Device device);

// A network with a mask embedding (`mask_token`, [1, 1, D]) and a prediction layer (`mask_head`,
// [outputs, D] and [outputs]) beside its own parameters, which keep their names: its checkpoints
// are those of the network with two parts that fine-tuning leaves out.
class MaskedPatchModel final : public Model {
 public:
  // Throws ConfigError for a network without patches.
  MaskedPatchModel(std::unique_ptr<Model> network, int64_t outputs, const ModelArgs& args);

  // images [B, C, H, W] -> [B, K, outputs], for the corrupted patches
  at::Tensor predict(const at::Tensor& images, Mode mode, const Corruption& corruption) const;

  // What the network itself says of whole images.
  at::Tensor forward(const at::Tensor& images, Mode mode, Taps* taps) const override {
    return network_->forward(images, mode, taps);
  }
  PatchTokens patch_tokens() const override { return network_->patch_tokens(); }
  at::Tensor encode_patches(const at::Tensor& images, Mode mode,
                            const PatchEdit& edit) const override {
    return network_->encode_patches(images, mode, edit);
  }
  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return network_->buffers(); }
  Extent input_size() const override { return network_->input_size(); }
  Extent position_grid(const std::string& name) const override {
    return network_->position_grid(name);
  }
  int64_t classes() const override { return network_->classes(); }
  int64_t channels() const override { return network_->channels(); }
  ModelCost cost() const override;

 private:
  std::unique_ptr<Model> network_;
  NamedTensors parameters_;  // the network's, then mask_token, mask_head
  at::Tensor mask_token_, head_weight_, head_bias_;
};

}  // namespace vit
