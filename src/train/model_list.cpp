#include "vit/train/model_list.hpp"

#include "vit/config/reader.hpp"
#include "vit/core/error.hpp"
#include "vit/core/text.hpp"
#include "vit/models/model.hpp"
#include "vit/train/table.hpp"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace vit {
namespace {

struct OneModel {
  ModelSection model{"vit_b16"};
  static constexpr auto describe() {
    return std::tuple{config::field<&OneModel::model>("The network.")};
  }
};

std::unique_ptr<Model> outline(const std::string& name, const ModelListRequest& request) {
  const OneModel one = config::read<OneModel>(request.overrides, OneModel{ModelSection(name)});
  try {
    return one.model.build({.classes = request.classes, .allocation = Allocation::kShapesOnly});
  } catch (const c10::Error&) {
    throw ConfigError("model '" + name +
                      "' would be too large for any memory with these settings\n"
                      "give smaller numbers to --classes, --image-size and --set");
  }
}

bool matches(const std::string& name, const std::string& pattern) {
  const Models::Catalog& catalog = Models::catalog();
  if (matches_glob(name, pattern)) return true;
  return std::ranges::any_of(catalog.aliases(name), [&](const std::string& alias) {
    return matches_glob(alias, pattern);
  });
}

}  // namespace

std::string model_table(const ModelListRequest& request) {
  using Align = Table::Align;
  Table table({{"name"},
               {"also"},
               {"parameters (M)", Align::kRight},
               {"GMACs", Align::kRight},
               {"pixels", Align::kRight},
               {"tokens", Align::kRight}});
  bool is_empty = true;
  for (const std::string& name : Models::catalog().names()) {
    if (!matches(name, request.pattern)) continue;
    is_empty = false;
    const auto model = outline(name, request);
    const ModelCost cost = model->cost();
    const auto& aliases = Models::catalog().aliases(name);
    table.add({name, aliases.empty() ? "" : aliases.front(),
               fmt::format("{:.2f}", static_cast<double>(parameter_count(*model)) / 1e6),
               fmt::format("{:.2f}", cost.macs / 1e9), to_string(model->input_size()),
               cost.tokens > 0 ? std::to_string(cost.tokens) : ""});
  }
  if (is_empty) {
    throw ConfigError("no model is called '" + request.pattern +
                      "'\nvit-models lists all; patterns have * and ?, as in '*b16*'");
  }
  return table.plain("");
}

std::string model_json(const ModelListRequest& request) {
  const std::string& name = Models::catalog().canonical(request.pattern);
  const auto model = outline(name, request);
  auto tensors = nlohmann::json::array();
  for (const NamedTensor& entry : state_dict(*model))
    tensors.push_back({entry.name, entry.tensor.sizes().vec()});
  const Extent size = model->input_size();
  nlohmann::ordered_json json;
  json["name"] = name;
  json["aliases"] = Models::catalog().aliases(name);
  json["parameters"] = parameter_count(*model);
  json["macs"] = static_cast<int64_t>(model->cost().macs);
  if (size.height == size.width) {
    json["image_size"] = size.height;
  } else {
    json["image_size"] = {size.height, size.width};
  }
  json["tokens"] = model->cost().tokens;
  json["classes"] = model->classes();
  json["tensors"] = std::move(tensors);
  return json.dump() + "\n";
}

}  // namespace vit
