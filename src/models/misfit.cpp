#include "misfit.hpp"

#include "vit/core/text.hpp"
#include "vit/models/identify.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace vit {

namespace {

constexpr size_t kMaxLines = 12;

const char* kind_text(Misfit::Kind kind) {
  switch (kind) {
    case Misfit::Kind::kMissing:
      return "missing ";
    case Misfit::Kind::kHead:
      return "head    ";
    case Misfit::Kind::kType:
      return "type    ";
    case Misfit::Kind::kShape:
    case Misfit::Kind::kPositionEmbedding:
      break;
  }
  return "shape   ";
}

std::string misfit_line(const Misfit& misfit) {
  std::string line = fmt::format("{}  {}", kind_text(misfit.kind), printable(misfit.name));
  if (misfit.kind != Misfit::Kind::kMissing)
    line += fmt::format("  file {}", shape_text(misfit.in_file));
  line += fmt::format("  model {}", shape_text(misfit.in_model));
  if (!misfit.remedy.empty()) line += fmt::format("  -> {}", misfit.remedy);
  return line;
}

// The dimensions of a plain ViT under timm's names, as far as the tensors tell.
struct Outline {
  int64_t width = 0, depth = 0;
  std::string patch;

  std::string text() const {
    return fmt::format("width {}, depth {}, patch {}", width, depth, patch);
  }
};

std::optional<Outline> outline_of(const NamedTensors& tensors) {
  const at::Tensor* patches = find_tensor(tensors, "patch_embed.proj.weight");
  if (patches == nullptr || patches->dim() != 4) return std::nullopt;
  Outline outline{patches->size(0), 0, shape_text(patches->sizes().slice(2))};
  while (find_tensor(tensors, fmt::format("blocks.{}.norm1.weight", outline.depth)) != nullptr)
    ++outline.depth;
  return outline;
}

// "backbone.", when some name of the file is that and a name of the model.
std::string prefix_before_names(const NamedTensors& wanted, const NamedTensors& file) {
  const std::string& probe = wanted.front().name;
  for (const NamedTensor& entry : file) {
    if (entry.name.size() > probe.size() && entry.name.ends_with("." + probe)) {
      return entry.name.substr(0, entry.name.size() - probe.size());
    }
  }
  return "";
}

std::string fitting_presets(const NamedTensors& file) {
  constexpr size_t kShownPresets = 3;
  std::vector<std::string> names = presets_that_fit(file);
  if (names.empty()) return "";
  const std::string first = names.front();
  if (names.size() > kShownPresets) names.resize(kShownPresets);
  return fmt::format("\nthe weights fit {}: set model={}", join_words(names, "or"), first);
}

std::string nothing_matches(const NamedTensors& wanted, const Weights& weights) {
  const NamedTensors& file = weights.tensors;
  std::string text =
      fmt::format("no tensor of weights '{}' has a name this model knows", weights.name);
  if (file.empty()) return text + "\nthe file holds no tensors";
  text += fmt::format("\nthe file has   {}{}", file.front().name, file.size() > 1 ? ", ..." : "");
  text += fmt::format("\nthe model has  {}, ... (timm's names)", wanted.front().name);
  if (const std::string prefix = prefix_before_names(wanted, file); !prefix.empty()) {
    text += fmt::format("\nthe names start with '{}': write the file again without it", prefix);
  } else if (!recognise_layout(file)) {
    text +=
        "\nread are the names of timm, JAX (vit_jax, big_vision), big_transfer, Hugging Face "
        "transformers and torchvision";
  }
  return text + fitting_presets(file);
}

// Whether another model is the remedy, rather than a setting.
bool is_another_model(const std::vector<Misfit>& misfits) {
  return std::ranges::any_of(misfits, [](const Misfit& misfit) {
    return misfit.remedy.empty() && misfit.kind != Misfit::Kind::kType;
  });
}

}  // namespace

std::string shape_text(at::IntArrayRef shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape.begin(), shape.end(), "x"));
}

std::string describe_misfits(const NamedTensors& wanted, const Weights& weights,
                             const std::vector<Misfit>& misfits) {
  const bool any_known = std::ranges::any_of(wanted, [&](const NamedTensor& tensor) {
    return find_tensor(weights.tensors, tensor.name) != nullptr;
  });
  if (!any_known) return nothing_matches(wanted, weights);

  std::string text = fmt::format("weights '{}' do not fit the model\n{} of {} tensors match",
                                 weights.name, wanted.size() - misfits.size(), wanted.size());
  const size_t shown = misfits.size() <= kMaxLines + 1 ? misfits.size() : kMaxLines;
  for (size_t i = 0; i < shown; ++i) text += fmt::format("\n{}", misfit_line(misfits[i]));
  if (shown < misfits.size()) text += fmt::format("\n... and {} more", misfits.size() - shown);

  const auto have = outline_of(weights.tensors), want = outline_of(wanted);
  if (have && want && have->text() != want->text()) {
    text += fmt::format(
        "\nthe file is a ViT of {}; the model has {}: choose the model that fits, or other weights",
        have->text(), want->text());
  }
  if (is_another_model(misfits)) text += fitting_presets(weights.tensors);
  return text;
}

}  // namespace vit
