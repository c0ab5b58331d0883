#include "misfit.hpp"

#include "vit/core/text.hpp"

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
  std::string line = fmt::format("{}  {}", kind_text(misfit.kind), misfit.name);
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

// Whose names these are, when they are not timm's.
std::string foreign_layout(const NamedTensors& file) {
  struct Sign {
    const char* pattern;
    const char* layout;
  };
  constexpr Sign kSigns[] = {
      {"vit.embeddings.*", "Hugging Face transformers"},
      {"vit.encoder.layer.*", "Hugging Face transformers"},
      {"encoder.layers.encoder_layer_*", "torchvision"},
      {"conv_proj.*", "torchvision"},
      {"*Transformer/encoderblock*", "JAX (vit_jax, big_vision)"},
      {"*embedding/kernel", "JAX (vit_jax, big_vision)"},
  };
  for (const Sign& sign : kSigns) {
    if (std::ranges::any_of(
            file, [&](const NamedTensor& t) { return matches_glob(t.name, sign.pattern); })) {
      return sign.layout;
    }
  }
  return "";
}

// "module.", when every name of the file starts with it and some model name follows.
std::string common_prefix_before_names(const Model& model, const NamedTensors& file) {
  const std::string probe = model.parameters().front().name;
  for (const NamedTensor& entry : file) {
    if (entry.name.size() > probe.size() && entry.name.ends_with("." + probe)) {
      return entry.name.substr(0, entry.name.size() - probe.size());
    }
  }
  return "";
}

std::string nothing_matches(const Model& model, const NamedTensors& file,
                            const std::string& source) {
  std::string text = fmt::format("no tensor of weights '{}' has a name this model knows", source);
  if (file.empty()) return text + "\nthe file holds no tensors";
  text += fmt::format("\nthe file has   {}{}", file.front().name, file.size() > 1 ? ", ..." : "");
  text += fmt::format("\nthe model has  {}, ... (timm's names)", model.parameters().front().name);
  if (const std::string layout = foreign_layout(file); !layout.empty()) {
    text += fmt::format("\nthese look like the names of {}: convert the file to timm's names first",
                        layout);
  } else if (const std::string prefix = common_prefix_before_names(model, file); !prefix.empty()) {
    text += fmt::format("\nthe names start with '{}': write the file again without it", prefix);
  }
  return text;
}

}  // namespace

std::string shape_text(at::IntArrayRef shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape.begin(), shape.end(), "x"));
}

std::string describe_misfits(const Model& model, const NamedTensors& file,
                             const std::string& source, const std::vector<Misfit>& misfits) {
  const NamedTensors wanted = state_dict(model);
  const bool any_known = std::ranges::any_of(
      wanted, [&](const NamedTensor& t) { return find_tensor(file, t.name) != nullptr; });
  if (!any_known) return nothing_matches(model, file, source);

  std::string text = fmt::format("weights '{}' do not fit the model\n{} of {} tensors match",
                                 source, wanted.size() - misfits.size(), wanted.size());
  const size_t shown = misfits.size() <= kMaxLines + 1 ? misfits.size() : kMaxLines;
  for (size_t i = 0; i < shown; ++i) text += fmt::format("\n{}", misfit_line(misfits[i]));
  if (shown < misfits.size()) text += fmt::format("\n... and {} more", misfits.size() - shown);

  const auto have = outline_of(file), want = outline_of(wanted);
  if (have && want && have->text() != want->text()) {
    text += fmt::format(
        "\nthe file is a ViT of {}; the model has {}: choose the model that fits, or other weights",
        have->text(), want->text());
  }
  return text;
}

}  // namespace vit
