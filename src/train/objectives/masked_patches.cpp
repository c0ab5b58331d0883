// B images, N patches, K of them corrupted, M = B K, V values predicted a patch, L classes a value
#include "vit/models/masked_patches.hpp"

#include "vit/core/error.hpp"
#include "vit/core/random.hpp"
#include "vit/runtime/device.hpp"

#include "objectives.hpp"
#include "patch_targets.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace vit {
namespace {

enum class PatchTarget { kMeanColor, kDownsized, kPixels };
constexpr auto enum_names(PatchTarget) {
  return std::array{std::pair{"mean_color", PatchTarget::kMeanColor},
                    std::pair{"downsized", PatchTarget::kDownsized},
                    std::pair{"pixels", PatchTarget::kPixels}};
}

struct MaskedPatchesConfig {
  PatchTarget target = PatchTarget::kMeanColor;
  double corrupted = 0.5;
  double masked = 0.8;
  double swapped = 0.1;

  static constexpr auto describe() {
    using namespace config;
    return std::tuple{
        field<&MaskedPatchesConfig::target>(
            "mean_color (three bits a channel: 512 classes), downsized (the same for each of 4 x 4 "
            "cells), or pixels (all of them, squared error)."),
        field<&MaskedPatchesConfig::corrupted>(
            "Part of an image's patches that is corrupted and predicted.", above(0.0),
            at_most(1.0)),
        field<&MaskedPatchesConfig::masked>("Part of these that a learned embedding stands for.",
                                            in_range(0.0, 1.0)),
        field<&MaskedPatchesConfig::swapped>(
            "Part of these that another patch of the image stands for; the rest stays as it is.",
            in_range(0.0, 1.0))};
  }
  void check(config::Problems& problems) const {
    problems.require(masked + swapped <= 1, "swapped", "must be at most 1 - masked");
  }
};

class MaskedPatches final : public Objective {
 public:
  MaskedPatches(const MaskedPatchesConfig& config, const ObjectiveArgs& args)
      : config_(config), input_(args.input) {}

  std::unique_ptr<Model> build(const ModelSection& section, ModelArgs args) override;
  at::Tensor loss(const Batch& batch) const override;
  Evaluation evaluate(const EvalPlan& plan) const override;

 private:
  // What the model says of the corrupted patches, and what they show.
  struct Answers {
    at::Tensor predictions;  // [B, K V, L] logits, or [B, K, C p q] pixels in [-1, 1]
    at::Tensor patches;      // [B, K, C, p, q] pixels in 0 .. 255
  };
  Answers ask(const at::Tensor& images, Mode mode) const;
  static Answers without(const Answers& answers, const std::vector<int64_t>& images);
  CorruptionShares shares() const { return {config_.corrupted, config_.masked, config_.swapped}; }
  void require_a_patch() const;
  at::Tensor classes(const at::Tensor& patches) const;  // [M V]
  at::Tensor mean_loss(const Answers& answers) const;
  at::Tensor color_logits(const Answers& answers) const;

  MaskedPatchesConfig config_;
  InputConfig input_;
  Normalisation normalisation_;
  int64_t color_classes_ = 512;
  const MaskedPatchModel* model_ = nullptr;
};

std::unique_ptr<Model> MaskedPatches::build(const ModelSection& section, ModelArgs args) {
  args.classes = 0;  // labels are not looked at
  std::unique_ptr<Model> network = section.build(args);
  normalisation_ = normalisation_for(input_, args.channels);
  color_classes_ = int64_t{1} << (3 * args.channels);
  int64_t outputs = color_classes_;
  if (config_.target == PatchTarget::kDownsized) outputs *= 16;
  if (config_.target == PatchTarget::kPixels)
    outputs = args.channels * network->patch_tokens().pitch.area();
  auto model = std::make_unique<MaskedPatchModel>(std::move(network), outputs, args);
  model_ = model.get();
  require_a_patch();
  return model;
}

// The mean over no patch would be no number.
void MaskedPatches::require_a_patch() const {
  const int64_t patches = model_->patch_tokens().grid.area();
  if (corrupted_patches(patches, shares()) > 0) return;
  throw ConfigError(
      fmt::format("objective.corrupted is {}, but of the {} patches of an image that is none\n"
                  "raise it to {:.3g}, which is one patch, or higher",
                  config_.corrupted, patches, 1 / static_cast<double>(patches)));
}

MaskedPatches::Answers MaskedPatches::ask(const at::Tensor& images, Mode mode) const {
  const PatchTokens tokens = model_->patch_tokens();
  const Corruption corruption =
      draw_corruption(images.size(0), tokens.grid.area(), shares(), images.device());
  at::Tensor predictions = model_->predict(images, mode, corruption).to(at::kFloat);
  if (config_.target != PatchTarget::kPixels)
    predictions = predictions.reshape({images.size(0), -1, color_classes_});
  const at::Tensor all = pixel_patches(images, normalisation_, tokens);  // [B, N, C, p, q]
  const at::Tensor places = corruption.places.view({all.size(0), -1, 1, 1, 1})
                                .expand({-1, -1, all.size(2), all.size(3), all.size(4)});
  return {predictions, all.gather(1, places)};
}

// The answers for all but some images of the batch, whose places ascend.
MaskedPatches::Answers MaskedPatches::without(const Answers& answers,
                                              const std::vector<int64_t>& images) {
  if (images.empty()) return answers;
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < answers.patches.size(0); ++i) {
    if (!std::binary_search(images.begin(), images.end(), i)) kept.push_back(i);
  }
  const at::Tensor rows = at::tensor(kept, at::kLong).to(answers.patches.device());
  return {answers.predictions.index_select(0, rows), answers.patches.index_select(0, rows)};
}

at::Tensor MaskedPatches::classes(const at::Tensor& patches) const {
  return (config_.target == PatchTarget::kDownsized ? downsized_classes(patches)
                                                    : mean_color_classes(patches))
      .flatten();
}

at::Tensor MaskedPatches::mean_loss(const Answers& answers) const {
  if (config_.target == PatchTarget::kPixels)
    return at::mse_loss(answers.predictions, answers.patches.flatten(2) / 127.5 - 1);
  return at::cross_entropy_loss(answers.predictions.flatten(0, 1), classes(answers.patches));
}

// [M V, L]; of predicted pixels the class of their mean colour, certain.
at::Tensor MaskedPatches::color_logits(const Answers& answers) const {
  if (config_.target != PatchTarget::kPixels) return answers.predictions.flatten(0, 1);
  const at::Tensor pixels =
      ((answers.predictions + 1) * 127.5).clamp(0, 255).view(answers.patches.sizes());
  const at::Tensor predicted = mean_color_classes(pixels).flatten();
  return at::zeros({predicted.size(0), color_classes_}, answers.predictions.options())
      .scatter_(1, predicted.unsqueeze(1), 1.0);
}

at::Tensor MaskedPatches::loss(const Batch& batch) const {
  return mean_loss(ask(batch.images, Mode::kTrain));
}

// The same patches are hidden in every evaluation: the draws of a batch depend on its place only.
// Substitutes for pictures that cannot be read are left out afterwards.
Evaluation MaskedPatches::evaluate(const EvalPlan& plan) const {
  at::Tensor counts = at::zeros({2}, at::TensorOptions().device(plan.device).dtype(at::kLong));
  at::Tensor loss = at::zeros({}, at::TensorOptions().device(plan.device).dtype(at::kDouble));
  const Random key = Random(0).stream("masked_patches.evaluate");
  Evaluation result;
  static_cast<SplitPass&>(result) = pass_over(plan, [&](const Batch& batch) {
    if (std::ssize(batch.replaced) == batch.size()) return;
    seed_device(plan.device, key.at(static_cast<uint64_t>(batch.first_position)));
    const Answers answers = without(ask(batch.images, Mode::kEval), batch.replaced);
    const at::Tensor right = classes(answers.patches);
    counts.add_(count_correct(color_logits(answers), right));
    loss.add_(mean_loss(answers).to(at::kDouble) * static_cast<double>(right.size(0)));
    result.n += right.size(0);
  });
  const at::Tensor host = counts.cpu();
  result.top1_count = host.const_data_ptr<int64_t>()[0];
  result.top5_count = host.const_data_ptr<int64_t>()[1];
  result.loss = result.n > 0 ? loss.item<double>() / static_cast<double>(result.n) : 0.0;
  return result;
}

}  // namespace

void add_masked_patches(Objectives::Catalog& catalog) {
  catalog.add<MaskedPatchesConfig>(
      "masked_patches",
      "What corrupted patches show (Dosovitskiy et al. 2021, B.1.2); labels are not looked at. "
      "top-1 is then the share of them whose mean colour (or that of each cell) was told.",
      [](const MaskedPatchesConfig& config, const ObjectiveArgs& args) {
        return std::make_unique<MaskedPatches>(config, args);
      });
}

}  // namespace vit
