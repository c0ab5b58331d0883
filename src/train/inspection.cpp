#include "vit/core/error.hpp"
#include "vit/core/files.hpp"
#include "vit/core/text.hpp"
#include "vit/models/identify.hpp"
#include "vit/runtime/tensor_archive.hpp"
#include "vit/train/conversion.hpp"
#include "vit/train/table.hpp"
#include "vit/train/weights_source.hpp"

#include "screen_text.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace vit {
namespace {

struct Findings {
  fs::path file;
  TensorArchive archive;
  std::string layout, model;  // "unknown"
  int64_t parameters = 0;     // numbers in floating-point tensors
  bool zero_head = false;
};

std::string model_of(const WeightsSource& source) {
  if (source.model) return source.model->name();
  const std::vector<std::string> fitting = presets_that_fit(source.weights.tensors);
  if (!fitting.empty()) return join_words(fitting, "or");
  const ModelSection section = section_of(source.weights.tensors, source.weights.heads);
  return section.empty() ? "unknown" : section.name();
}

bool has_zero_head(const NamedTensors& tensors) {
  return std::ranges::any_of(tensors, [](const NamedTensor& entry) {
    return (entry.name == "head.weight" || entry.name == "head.fc.weight") &&
           is_all_zero(entry.tensor);
  });
}

Findings look_at(const fs::path& path) {
  Findings found;
  found.file = find_weights(path);
  found.archive = read_tensor_archive(found.file);
  const WeightsSource source = weights_in(found.file, found.archive);
  const bool is_known = recognise_layout(found.archive.tensors).has_value();
  found.layout = is_known ? layout_name(source.weights.layout) : "unknown";
  found.model = model_of(source);
  found.zero_head = has_zero_head(source.weights.tensors);
  for (const NamedTensor& entry : found.archive.tensors) {
    if (entry.tensor.is_floating_point()) found.parameters += entry.tensor.numel();
  }
  return found;
}

std::string dtype_text(const at::Tensor& tensor) {
  std::string text = c10::toString(tensor.scalar_type());
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

void print_json(const Findings& found) {
  auto tensors = nlohmann::json::array();
  for (const NamedTensor& entry : found.archive.tensors) {
    tensors.push_back({{"name", entry.name},
                       {"dtype", dtype_text(entry.tensor)},
                       {"shape", entry.tensor.sizes().vec()}});
  }
  const nlohmann::json json = {{"file", found.file.string()},
                               {"format", format_name(found.archive.format)},
                               {"layout", found.layout},
                               {"model", found.model},
                               {"parameters", found.parameters},
                               {"tensors", std::move(tensors)},
                               {"metadata", found.archive.metadata}};
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_table(const Findings& found) {
  Table table({{"tensor"}, {"type"}, {"shape"}});
  for (const NamedTensor& entry : found.archive.tensors) {
    table.add({printable(entry.name), dtype_text(entry.tensor),
               fmt::format("{}", fmt::join(entry.tensor.sizes(), "x"))});
  }
  fmt::print("{}", table.plain(""));
  fmt::print("\nfile        {}\nformat      {}, names of {}\nmodel       {}\n", found.file.string(),
             format_name(found.archive.format), found.layout, found.model);
  fmt::print("{}",
             for_screen(fmt::format("parameters  {} in {} tensors\n", grouped(found.parameters),
                                    found.archive.tensors.size())));
  if (found.zero_head)
    fmt::print("note        the head is all zeros: predictions mean nothing, features do\n");
}

}  // namespace

void inspect_weights(const fs::path& file, InspectionForm form) {
  const Findings found = look_at(file);
  if (form == InspectionForm::kJson) {
    print_json(found);
  } else {
    print_table(found);
  }
}

}  // namespace vit
