#include "vit/models/weights.hpp"

#include "vit/core/error.hpp"
#include "vit/models/resample_weights.hpp"
#include "vit/runtime/precision.hpp"

#include "misfit.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <optional>
#include <unordered_map>

namespace vit {

namespace {

bool starts_with_any(const std::string& name, std::initializer_list<const char*> prefixes) {
  for (const char* prefix : prefixes) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

bool is_head(const std::string& name) {
  return starts_with_any(name, {"head.", "head_dist.", "pre_logits."});
}

// Compares a file with a model tensor by tensor, then copies.
class Loader {
 public:
  Loader(Model& model, const NamedTensors& file, const std::string& source,
         const InitConfig& options);

  LoadReport load();

 private:
  struct Copy {
    at::Tensor to;
    at::Tensor from;
  };
  const at::Tensor* in_file(const std::string& name) const;
  void plan_parameter(const NamedTensor& wanted);
  void plan_position_embedding(const NamedTensor& wanted, const at::Tensor& given);
  void check_buffer(const NamedTensor& fixed);
  void list_unused();
  void note_oddities();
  void misfit(Misfit::Kind kind, const NamedTensor& wanted, const at::Tensor* given,
              std::string remedy);

  Model& model_;
  const NamedTensors& file_;
  const std::string& source_;
  const InitConfig& options_;
  std::unordered_map<std::string, const at::Tensor*> by_name_;
  std::vector<Copy> copies_;
  std::vector<at::Tensor> zeroed_;
  std::vector<Misfit> misfits_;
  LoadReport report_;
};

Loader::Loader(Model& model, const NamedTensors& file, const std::string& source,
               const InitConfig& options)
    : model_(model), file_(file), source_(source), options_(options) {
  for (const NamedTensor& entry : file) by_name_.emplace(entry.name, &entry.tensor);
}

const at::Tensor* Loader::in_file(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void Loader::misfit(Misfit::Kind kind, const NamedTensor& wanted, const at::Tensor* given,
                    std::string remedy) {
  misfits_.push_back({kind, wanted.name, given == nullptr ? at::IntArrayRef() : given->sizes(),
                      wanted.tensor.sizes(), std::move(remedy)});
}

LoadReport Loader::load() {
  for (const NamedTensor& wanted : model_.parameters()) plan_parameter(wanted);
  for (const NamedTensor& fixed : model_.buffers()) check_buffer(fixed);
  if (!misfits_.empty()) throw CheckpointError(describe_misfits(model_, file_, source_, misfits_));
  list_unused();
  note_oddities();

  const NoGrad no_gradients;
  for (const Copy& copy : copies_)
    copy.to.copy_(copy.from);  // converts types and moves to the device
  for (const at::Tensor& tensor : zeroed_) tensor.zero_();
  report_.matched = static_cast<int64_t>(copies_.size() + model_.buffers().size());
  report_.total = static_cast<int64_t>(model_.parameters().size() + model_.buffers().size());
  return std::move(report_);
}

void Loader::plan_parameter(const NamedTensor& wanted) {
  if (is_head(wanted.name) && options_.head == HeadPolicy::kReset) {
    if (wanted.name == "head.weight") zeroed_.push_back(wanted.tensor);
    report_.fresh.push_back(wanted.name);
    return;
  }
  const at::Tensor* given = in_file(wanted.name);
  if (given == nullptr) {
    misfit(Misfit::Kind::kMissing, wanted, nullptr,
           is_head(wanted.name) ? "starts afresh with init.head=reset (now: keep)" : "");
  } else if (!given->is_floating_point()) {
    misfit(Misfit::Kind::kType, wanted, given, "holds whole numbers: these are no weights");
  } else if (given->sizes() == wanted.tensor.sizes()) {
    copies_.push_back({wanted.tensor, *given});
  } else if (model_.position_grid(wanted.name).is_set()) {
    plan_position_embedding(wanted, *given);
  } else if (is_head(wanted.name)) {
    misfit(Misfit::Kind::kHead, wanted, given, "replaced with init.head=reset (now: keep)");
  } else {
    misfit(Misfit::Kind::kShape, wanted, given, "");
  }
}

// The file does not say what grid its embeddings cover: it is taken to be square, which all
// published ones are.
void Loader::plan_position_embedding(const NamedTensor& wanted, const at::Tensor& given) {
  using Kind = Misfit::Kind;
  const Extent grid = model_.position_grid(wanted.name);
  if (given.dim() != 3 || given.size(0) != 1 || given.size(2) != wanted.tensor.size(2) ||
      !grid.is_set()) {
    return misfit(Kind::kShape, wanted, &given, "");
  }
  if (options_.position_embedding == PositionEmbeddingPolicy::kStrict) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  "resized with init.position_embedding=resize (now: strict)");
  }
  const int64_t kept = wanted.tensor.size(1) - grid.area();
  const int64_t given_prefix =
      in_file("cls_token") == nullptr ? 0 : 1 + (in_file("dist_token") != nullptr);
  const int64_t patches = given.size(1) - given_prefix;
  const auto side = static_cast<int64_t>(
      std::llround(std::sqrt(static_cast<double>(std::max<int64_t>(patches, 0)))));
  if (kept > given_prefix) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  "the file has no entry for the class token");
  }
  const bool same_count = patches == grid.area();
  if (!same_count && (patches < 1 || side * side != patches)) {
    return misfit(Kind::kPositionEmbedding, wanted, &given,
                  std::to_string(patches) + " patches are no square grid, so it cannot be resized");
  }
  const at::Tensor from_grid =
      given.slice(1, given_prefix - kept);  // drops entries of tokens the model lacks
  const Extent from = same_count ? grid : square(side);
  copies_.push_back({wanted.tensor, resize_position_embedding(from_grid, kept, from, grid)});
  if (!same_count) {
    report_.resized.push_back(wanted.name + " " + shape_text({from.height, from.width}) + " -> " +
                              shape_text({grid.height, grid.width}) + " grid");
  }
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
  const NamedTensors wanted = state_dict(model_);
  for (const NamedTensor& entry : file_) {
    const bool reset = options_.head == HeadPolicy::kReset && is_head(entry.name);
    if (reset || find_tensor(wanted, entry.name) == nullptr) report_.unused.push_back(entry.name);
  }
}

void Loader::note_oddities() {
  if (options_.head == HeadPolicy::kReset) return;
  const at::Tensor* head = in_file("head.weight");
  if (head != nullptr && head->is_floating_point() && head->count_nonzero().item<int64_t>() == 0) {
    report_.notes.emplace_back(
        "head.weight of the file is all zeros: its predictions mean nothing, only the features do");
  }
  const char* hidden = "pre_logits.fc.weight";
  if (in_file(hidden) != nullptr && find_tensor(model_.parameters(), hidden) == nullptr) {
    report_.notes.emplace_back(
        "the file's head was trained behind a hidden layer (pre_logits) that this model lacks: set "
        "model.representation_size=" +
        std::to_string(in_file(hidden)->size(0)) + ", or init.head=reset");
  }
}

}  // namespace

LoadReport load_weights(Model& model, const NamedTensors& file, const std::string& source,
                        const InitConfig& options) {
  return Loader(model, file, source, options).load();
}

}  // namespace vit
