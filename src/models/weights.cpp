#include "vit/models/weights.hpp"

#include "vit/core/error.hpp"
#include "vit/models/identify.hpp"
#include "vit/models/resample_weights.hpp"
#include "vit/runtime/mapped_tensor.hpp"
#include "vit/runtime/precision.hpp"

#include "misfit.hpp"
#include "position_source.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace vit {

namespace {

constexpr const char* kPatchKernel = "patch_embed.proj.weight";
constexpr const char* kTrunk = "patch_embed.backbone.";

// Kernels that see the image.
constexpr const char* kInputKernels[] = {kPatchKernel, "patch_embed.backbone.stem.conv.weight",
                                         "patch_embed.backbone.conv.weight", "stem.conv.weight"};

bool is_classifier(const std::string& name) {
  return name.starts_with("head.") || name.starts_with("head_dist.");
}
bool is_head(const std::string& name) {
  return is_classifier(name) || name.starts_with("pre_logits.");
}

// Of a model that pools before its norm.
bool is_pooled_norm(const std::string& name) { return name.starts_with("fc_norm."); }

// Of masked patch prediction.
bool is_mask(const std::string& name) {
  return name == "mask_token" || name.starts_with("mask_head.");
}

std::string name_of(PositionEmbeddingPolicy policy) {
  for (const auto& [name, value] : enum_names(policy)) {
    if (value == policy) return name;
  }
  VIT_CHECK(false, "a policy without a name");
}

PositionEmbeddingPolicy resolve(PositionEmbeddingPolicy policy, Layout layout) {
  if (policy != PositionEmbeddingPolicy::kResize) return policy;
  return layout == Layout::kJax ? PositionEmbeddingPolicy::kReference
                                : PositionEmbeddingPolicy::kTimm;
}

PositionResize way_of(PositionEmbeddingPolicy policy) {
  switch (policy) {
    case PositionEmbeddingPolicy::kReference:
      return PositionResize::kReference;
    case PositionEmbeddingPolicy::kReferenceEdgeZeros:
      return PositionResize::kReferenceEdgeZeros;
    case PositionEmbeddingPolicy::kTimm:
      return PositionResize::kTimm;
    case PositionEmbeddingPolicy::kTimmNpz:
      return PositionResize::kTimmNpz;
    case PositionEmbeddingPolicy::kTorchvision:
      return PositionResize::kTorchvision;
    case PositionEmbeddingPolicy::kHuggingFace:
      return PositionResize::kHuggingFace;
    case PositionEmbeddingPolicy::kResize:
    case PositionEmbeddingPolicy::kStrict:
      break;
  }
  VIT_CHECK(false, "not a way to resize");
}

// Compares a file with a model tensor by tensor, then copies.
class Loader {
 public:
  Loader(Model& model, const Weights& weights, const InitConfig& options);

  LoadReport load();

 private:
  struct Copy {
    at::Tensor to;
    at::Tensor from;
  };
  const at::Tensor* in_file(const std::string& name) const;
  const at::Tensor* in_model(const std::string& name) const;
  void plan_parameter(const NamedTensor& wanted);
  bool is_other_grid(const NamedTensor& wanted, const at::Tensor& given) const;
  void plan_position_embedding(const NamedTensor& wanted, const at::Tensor& given);
  void plan_input_kernel(const NamedTensor& wanted, const at::Tensor& given);
  at::Tensor resized_positions(const NamedTensor& wanted, const at::Tensor& given,
                               const PositionSource& source, int64_t leading);
  void check_buffer(const NamedTensor& fixed);
  void list_unused();
  void note_oddities();
  void misfit(Misfit::Kind kind, const NamedTensor& wanted, const at::Tensor* given,
              std::string remedy);

  Model& model_;
  const Weights& weights_;
  const InitConfig& options_;
  const NamedTensors wanted_;
  std::unordered_map<std::string, const at::Tensor*> by_name_;
  std::vector<Copy> copies_;
  std::vector<at::Tensor> zeroed_;
  std::vector<Misfit> misfits_;
  LoadReport report_;
};

Loader::Loader(Model& model, const Weights& weights, const InitConfig& options)
    : model_(model), weights_(weights), options_(options), wanted_(state_dict(model)) {
  for (const NamedTensor& entry : weights.tensors) by_name_.emplace(entry.name, &entry.tensor);
}

const at::Tensor* Loader::in_file(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const at::Tensor* Loader::in_model(const std::string& name) const {
  return find_tensor(wanted_, name);
}

void Loader::misfit(Misfit::Kind kind, const NamedTensor& wanted, const at::Tensor* given,
                    std::string remedy) {
  misfits_.push_back({kind, wanted.name, given == nullptr ? at::IntArrayRef() : given->sizes(),
                      wanted.tensor.sizes(), std::move(remedy)});
}

LoadReport Loader::load() {
  const NoGrad no_gradients;
  for (const NamedTensor& wanted : model_.parameters()) plan_parameter(wanted);
  for (const NamedTensor& fixed : model_.buffers()) check_buffer(fixed);
  if (!misfits_.empty()) throw CheckpointError(describe_misfits(wanted_, weights_, misfits_));
  list_unused();
  note_oddities();

  // Converts types and moves to the device; large copies use all of LibTorch's threads. Pages of
  // the file go as they are done with: the model and one tensor are in memory, not the model twice.
  for (const Copy& copy : copies_) {
    copy.to.copy_(copy.from);
    release_pages(copy.from);
  }
  for (const at::Tensor& tensor : zeroed_) tensor.zero_();
  report_.matched = static_cast<int64_t>(copies_.size() + model_.buffers().size());
  report_.total = static_cast<int64_t>(wanted_.size());
  return std::move(report_);
}

void Loader::plan_parameter(const NamedTensor& wanted) {
  if (is_head(wanted.name) && options_.head == HeadPolicy::kReset) {
    if (is_classifier(wanted.name) && wanted.name.ends_with("weight"))
      zeroed_.push_back(wanted.tensor);
    report_.fresh.push_back(wanted.name);
    return;
  }
  const at::Tensor* given = in_file(wanted.name);
  if (given == nullptr && is_pooled_norm(wanted.name) && options_.head == HeadPolicy::kReset) {
    report_.fresh.push_back(wanted.name);
  } else if (given == nullptr) {
    misfit(Misfit::Kind::kMissing, wanted, nullptr,
           is_head(wanted.name) || is_pooled_norm(wanted.name)
               ? "starts afresh with init.head=reset (now: keep)"
           : wanted.name == "pos_embed"
               ? "fixed or none with model.position_embedding=sincos2d or none"
               : "");
  } else if (!given->is_floating_point()) {
    misfit(Misfit::Kind::kType, wanted, given, "holds whole numbers: these are no weights");
  } else if (is_other_grid(wanted, *given)) {
    plan_position_embedding(wanted, *given);
  } else if (given->sizes() == wanted.tensor.sizes()) {
    copies_.push_back({wanted.tensor, *given});
  } else if (is_head(wanted.name)) {
    misfit(Misfit::Kind::kHead, wanted, given, "replaced with init.head=reset (now: keep)");
  } else if (std::ranges::count(kInputKernels, wanted.name) > 0) {
    plan_input_kernel(wanted, *given);
  } else {
    misfit(Misfit::Kind::kShape, wanted, given, "");
  }
}

// Grids of 4x6 and 6x4 have tables of one size.
bool Loader::is_other_grid(const NamedTensor& wanted, const at::Tensor& given) const {
  const Extent grid = model_.position_grid(wanted.name);
  if (!grid.is_set()) return false;
  const bool is_told = weights_.grid.is_set() && wanted.name.ends_with("pos_embed");
  return given.sizes() != wanted.tensor.sizes() || (is_told && weights_.grid != grid);
}

void Loader::plan_position_embedding(const NamedTensor& wanted, const at::Tensor& given) {
  using Kind = Misfit::Kind;
  const Extent grid = model_.position_grid(wanted.name);
  if (given.dim() != 3 || given.size(0) != 1 || given.size(2) != wanted.tensor.size(2))
    return misfit(Kind::kShape, wanted, &given, "");
  if (options_.position_embedding == PositionEmbeddingPolicy::kStrict) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  "resized with init.position_embedding=resize (now: strict)");
  }
  const int64_t tokens = (in_file("cls_token") != nullptr) + (in_file("dist_token") != nullptr);
  const int64_t leading = wanted.tensor.size(1) - grid.area();
  // DeiT-III, which has layer scale, gives its class token no place.
  const bool may_be_unplaced = leading == 0 || in_file("blocks.0.ls1.gamma") != nullptr;
  const PositionTableFacts facts{given.size(1), tokens, may_be_unplaced, weights_.grid};
  const auto source = position_source(wanted.name, facts, grid);
  if (!source) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  fmt::format("{} patches are no square grid: with model.image at the file's own "
                              "resolution it is taken as it is",
                              std::max<int64_t>(given.size(1) - tokens, 0)));
  }
  const bool may_drop = leading > 0 || in_model("cls_token") == nullptr;
  if (leading > source->leading && (source->leading > 0 || tokens < leading)) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  "the file has no entry for every token before the patches");
  }
  if (leading < source->leading && !may_drop) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  "the class token has a position in the file: model.class_token_position=true");
  }
  copies_.push_back({wanted.tensor, resized_positions(wanted, given, *source, leading)});
}

// With `leading` entries before the grid, of which the file may have more (of tokens the model
// lacks) or none (zeros then).
at::Tensor Loader::resized_positions(const NamedTensor& wanted, const at::Tensor& given,
                                     const PositionSource& source, int64_t leading) {
  const Extent grid = model_.position_grid(wanted.name);
  const PositionEmbeddingPolicy policy = resolve(options_.position_embedding, weights_.layout);
  at::Tensor entries = given;
  if (leading > source.leading) {
    entries = at::cat({at::zeros({1, leading, given.size(2)}, given.options()), given}, 1);
    report_.notes.push_back(
        fmt::format("{} of the file has no entry for the class token: zero", wanted.name));
  } else if (leading < source.leading) {
    entries = at::cat({given.slice(1, 0, leading), given.slice(1, source.leading)}, 1);
  }
  if (source.grid == grid) return entries;
  report_.resized.push_back(fmt::format("{} {} -> {} grid ({})", wanted.name,
                                        shape_text({source.grid.height, source.grid.width}),
                                        shape_text({grid.height, grid.width}), name_of(policy)));
  return resize_position_embedding(entries, leading, source.grid, grid, way_of(policy));
}

// Channels of the image, and the size of patches.
void Loader::plan_input_kernel(const NamedTensor& wanted, const at::Tensor& given) {
  const at::IntArrayRef want = wanted.tensor.sizes();
  const bool sees_image =
      wanted.name != kPatchKernel || std::ranges::none_of(wanted_, [](const NamedTensor& entry) {
        return entry.name.starts_with(kTrunk);
      });
  const bool other_size = given.dim() == 4 && given.sizes().slice(2) != want.slice(2);
  if (given.dim() != 4 || given.size(0) != want[0] || (!sees_image && given.size(1) != want[1]) ||
      (other_size && wanted.name != kPatchKernel)) {
    return misfit(Misfit::Kind::kShape, wanted, &given, "");
  }
  if (other_size && options_.patch == PatchPolicy::kStrict) {
    return misfit(Misfit::Kind::kShape, wanted, &given,
                  "resampled with init.patch=resample (now: strict)");
  }
  at::Tensor kernel = given;
  if (given.size(1) != want[1]) {
    kernel = adapt_input_channels(kernel, want[1]);
    report_.adapted.push_back(
        fmt::format("{} {} -> {} channels", wanted.name, given.size(1), want[1]));
  }
  if (other_size) {
    const PatchResize way =
        weights_.layout == Layout::kJax ? PatchResize::kTimmNpz : PatchResize::kTimm;
    kernel = resize_patch_kernel(kernel, {want[2], want[3]}, way);
    report_.adapted.push_back(fmt::format("{} {} -> {} patch", wanted.name,
                                          shape_text(given.sizes().slice(2)),
                                          shape_text(want.slice(2))));
  }
  copies_.push_back({wanted.tensor, kernel});
}

// Fixed tensors follow from the configuration; those of the file only must not contradict it.
void Loader::check_buffer(const NamedTensor& fixed) {
  const at::Tensor* given = in_file(fixed.name);
  if (given == nullptr || given->sizes() != fixed.tensor.sizes()) return;
  const at::Tensor difference = given->to(at::kCPU, at::kFloat) - fixed.tensor.to(at::kCPU);
  if (difference.abs().max().item<float>() > 1e-2F) {  // bfloat16 rounds by up to 4e-3
    misfit(Misfit::Kind::kShape, fixed, given,
           "the file's values are not the fixed ones of this model; "
           "model.position_embedding=learned takes them");
  }
}

void Loader::list_unused() {
  report_.ignored = weights_.ignored;
  const auto is_replaced = [&](const std::string& name) {
    return is_head(name) || (name.starts_with("norm.") && in_model("fc_norm.weight") != nullptr);
  };
  for (const NamedTensor& entry : weights_.tensors) {
    if (options_.head == HeadPolicy::kReset && is_replaced(entry.name))
      report_.dropped.push_back(entry.name);
    else if (in_model(entry.name) == nullptr)
      (is_mask(entry.name) ? report_.dropped : report_.unused).push_back(entry.name);
  }
}

void Loader::note_oddities() {
  if (options_.head == HeadPolicy::kReset) return;
  for (const char* name : {"head.weight", "head.fc.weight"}) {
    const at::Tensor* head = in_file(name);
    if (head != nullptr && is_all_zero(*head)) {
      report_.notes.push_back(fmt::format(
          "{} of the file is all zeros: its predictions mean nothing, only the features do", name));
    }
  }
  const char* hidden = "pre_logits.fc.weight";
  if (in_file(hidden) != nullptr && in_model(hidden) == nullptr) {
    report_.notes.push_back(fmt::format(
        "the file's head was trained behind a hidden layer (pre_logits) that this model "
        "lacks: set model.representation_size={}, or init.head=reset",
        in_file(hidden)->size(0)));
  }
}

}  // namespace

LoadReport load_weights(Model& model, const Weights& weights, const InitConfig& options) {
  return Loader(model, weights, options).load();
}

}  // namespace vit
