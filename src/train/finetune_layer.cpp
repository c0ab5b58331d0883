#include "vit/train/finetune_layer.hpp"

#include "vit/config/writer.hpp"
#include "vit/core/error.hpp"
#include "vit/models/identify.hpp"
#include "vit/train/hyperrule_layer.hpp"
#include "vit/train/run_config.hpp"
#include "vit/train/stored_model.hpp"
#include "vit/train/weights_source.hpp"

#include "data_layer.hpp"

namespace vit {

std::string finetune_layer(const std::filesystem::path& weights, const std::string& model,
                           const std::filesystem::path& data, const config::Document& own) {
  const WeightsSource source = open_weights(weights, "best", WhichWeights::kRaw, layout_in(own));
  StoredModel stored{identify_model(source, model), source.input.value_or(InputConfig{})};
  if (!source.input) stored.input = input_of_preset(stored.model.name());
  use_new_head(stored.model);
  std::string text = "init: {weights: " + yaml_string(std::filesystem::absolute(weights).string()) +
                     ", head: reset}\n";
  text += config::write(stored);
  if (!data.empty()) {
    const std::string root = std::filesystem::absolute(data).lexically_normal().string();
    text += data_layer(recognise_data(root), root);
  }
  return text;
}

config::Document finetune_document(const std::string& layer, const config::Document& own,
                                   const config::SearchPath& shipped) {
  config::Document document = config::Document::from_file("finetune", shipped);
  const auto add = [&](const std::string& text, const char* name) {
    document.overlay(config::Document::from_text(text, name));
  };
  add(layer, "--weights, --data");
  add(hyperrule_layer(config::Document(document).overlay(own)), "the BiT-HyperRule");
  return document.overlay(own);
}

}  // namespace vit
