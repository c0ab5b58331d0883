#include "vit/core/error.hpp"
#include "vit/models/layout.hpp"
#include "vit/models/model.hpp"
#include "vit/models/vision_transformer.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace vit {

namespace {

using Json = nlohmann::json;

// What the network has that transformers' do not, with its setting; "" when nothing.
std::string what_is_missing(const VitConfig& config, bool has_head) {
  using Position = PositionEmbedding;
  if (config.trunk) return "a convolutional trunk (model.trunk)";
  if (config.pooling != Pooling::kToken)
    return "pooling other than the class token (model.pooling)";
  if (config.position_embedding != Position::kLearned &&
      config.position_embedding != Position::kSincos2d) {
    return "this kind of position embedding (model.position_embedding)";
  }
  if (config.position_placement != PositionPlacement::kStem)
    return "position embeddings in every block (model.position_placement)";
  if (config.layer_scale != 0) return "layer scale (model.layer_scale)";
  if (config.representation_size > 0 && (has_head || config.distilled))
    return "a hidden layer before the head (model.representation_size)";
  return "";
}

Json one_or_two(const Extent& extent) {
  if (extent.height == extent.width) return extent.height;
  return Json{extent.height, extent.width};
}

const char* architecture(bool distilled, bool has_head) {
  if (distilled) return has_head ? "DeiTForImageClassificationWithTeacher" : "DeiTModel";
  return has_head ? "ViTForImageClassification" : "ViTModel";
}

void add_labels(Json& json, int64_t count, const std::vector<std::string>& classes) {
  Json names = Json::object(), numbers = Json::object();
  for (int64_t i = 0; i < count; ++i) {
    const bool named = static_cast<int64_t>(classes.size()) == count;
    const std::string name = named ? classes[i] : fmt::format("LABEL_{}", i);
    names[std::to_string(i)] = name;
    numbers[name] = i;
  }
  json["id2label"] = names;
  json["label2id"] = numbers;
}

}  // namespace

std::string huggingface_config(const VitConfig& config, const Model& model,
                               const std::vector<std::string>& classes) {
  const bool has_head = model.classes() > 0;
  if (const std::string missing = what_is_missing(config, has_head); !missing.empty()) {
    throw CheckpointError("transformers' ViT has no place for " + missing +
                          "\nkeep this model in timm's names (.safetensors)");
  }
  Json json = {
      {"architectures", {architecture(config.distilled, has_head)}},
      {"model_type", config.distilled ? "deit" : "vit"},
      {"image_size", one_or_two(config.image)},
      {"patch_size", one_or_two(config.patch)},
      {"num_channels", model.channels()},
      {"hidden_size", config.width},
      {"num_hidden_layers", config.depth},
      {"num_attention_heads", config.heads},
      {"intermediate_size", config.mlp_width()},
      {"hidden_act", config.gelu_form() == Gelu::kErf ? "gelu" : "gelu_pytorch_tanh"},
      {"layer_norm_eps", config.norm_eps},
      {"qkv_bias", true},
      {"hidden_dropout_prob", config.dropout},
      {"attention_probs_dropout_prob", config.attention_dropout},
      {"initializer_range", 0.02},
      {"encoder_stride", config.patch.height},
      {"dtype", "float32"},
  };
  if (config.representation_size > 0) {
    json["pooler_output_size"] = config.representation_size;
    json["pooler_act"] = "tanh";
  }
  if (has_head) add_labels(json, model.classes(), classes);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace vit
