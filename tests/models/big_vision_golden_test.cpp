// Networks of big_vision, whose files carry Flax names and layouts: fixed 2-D sin-cos position
// embeddings, mean pooling, hidden tanh layer. Position embeddings are added before the class token
// there, which is ours with a zero first entry.
#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

// Flax layouts to ours: dense (in, out) -> (out, in), convolution HWIO -> OIHW.
at::Tensor dense(const at::Tensor& kernel, int64_t out) { return kernel.reshape({-1, out}).t(); }

// All tensors of the network below `prefix` of `file`, under timm's names.
NamedTensors under_our_names(const TensorFile& file, const std::string& prefix,
                             const VitConfig& config) {
  const auto take = [&](const std::string& name) { return file.tensor(prefix + name); };
  NamedTensors found;
  const auto add_pair = [&](const std::string& ours, const std::string& theirs, int64_t out) {
    found.push_back({ours + ".weight", dense(take(theirs + "/kernel"), out)});
    found.push_back({ours + ".bias", take(theirs + "/bias")});
  };
  const auto add_norm = [&](const std::string& ours, const std::string& theirs) {
    found.push_back({ours + ".weight", take(theirs + "/scale")});
    found.push_back({ours + ".bias", take(theirs + "/bias")});
  };
  const int64_t width = config.width;
  if (file.contains(prefix + "cls")) found.push_back({"cls_token", take("cls")});
  if (file.contains(prefix + "pos_embedding")) {
    at::Tensor embedding = take("pos_embedding");
    if (config.has_class_token()) embedding = at::cat({at::zeros({1, 1, width}), embedding}, 1);
    found.push_back({"pos_embed", embedding});
  }
  found.push_back({"patch_embed.proj.weight", take("embedding/kernel").permute({3, 2, 0, 1})});
  found.push_back({"patch_embed.proj.bias", take("embedding/bias")});
  for (int64_t i = 0; i < config.depth; ++i) {
    const std::string ours = "blocks." + std::to_string(i) + ".";
    const std::string theirs = "Transformer/encoderblock_" + std::to_string(i) + "/";
    const std::string attention = theirs + "MultiHeadDotProductAttention_0/";
    add_norm(ours + "norm1", theirs + "LayerNorm_0");
    std::vector<at::Tensor> weights, biases;
    for (const char* part : {"query", "key", "value"}) {
      weights.push_back(take(attention + part + "/kernel").reshape({width, width}).t());
      if (file.contains(prefix + attention + part + "/bias")) {
        biases.push_back(take(attention + part + "/bias").flatten());
      }
    }
    found.push_back({ours + "attn.qkv.weight", at::cat(weights)});
    if (biases.size() == 3) found.push_back({ours + "attn.qkv.bias", at::cat(biases)});
    add_pair(ours + "attn.proj", attention + "out", width);
    add_norm(ours + "norm2", theirs + "LayerNorm_1");
    add_pair(ours + "mlp.fc1", theirs + "MlpBlock_0/Dense_0", config.mlp_width());
    add_pair(ours + "mlp.fc2", theirs + "MlpBlock_0/Dense_1", width);
  }
  add_norm("norm", "Transformer/encoder_norm");
  if (config.representation_size > 0)
    add_pair("pre_logits.fc", "pre_logits", config.representation_size);
  add_pair("head", "head", take("head/bias").size(0));
  return found;
}

std::string read_config(const Json& json, VitConfig& config) {
  config.image = square(json.at("image"));
  config.numerics = Numerics::kJax;
  config.pooling = Pooling::kMean;
  for (const auto& [key, value] : json.at("config").items()) {
    if (key == "depth")
      config.depth = value;
    else if (key == "width")
      config.width = value;
    else if (key == "num_heads")
      config.heads = value;
    else if (key == "mlp_dim")
      config.mlp = value;
    else if (key == "patch_size")
      config.patch = {value[0], value[1]};
    else if (key == "pool_type" && value == "gap")
      config.pooling = Pooling::kMean;
    else if (key == "pool_type" && value == "tok")
      config.pooling = Pooling::kToken;
    else if (key == "posemb" && value == "sincos2d")
      config.position_embedding = PositionEmbedding::kSincos2d;
    else if (key == "posemb" && value == "learn")
      config.position_embedding = PositionEmbedding::kLearned;
    else if (key == "rep_size" && value.is_boolean())
      config.representation_size = value.get<bool>() ? -1 : 0;
    else
      return key + "=" + value.dump();
  }
  if (config.representation_size < 0) config.representation_size = config.width;
  return "";
}

class BigVisionGolden : public testing::TestWithParam<fs::path> {};

TEST_P(BigVisionGolden, LogitsFeaturesAndGradients) {
  const TensorFile file(GetParam());
  const Json json = json_of(file);
  VitConfig config;
  if (const std::string reason = read_config(json, config); !reason.empty()) {
    GTEST_SKIP() << "not a network of ours yet: " << reason;
  }
  const auto model = build_vision_transformer(config, {.classes = json.at("classes")});
  const NamedTensors weights = under_our_names(file, "param/", config);
  load_weights(*model, weights, GetParam().filename(), {.head = HeadPolicy::kKeep});

  // Our names for the stages. with_posemb has no class token.
  NamedTensors features;
  for (const auto& [ours, theirs] :
       {std::pair{"embed", "with_posemb"}, std::pair{"norm", "encoded"},
        std::pair{"pre_logits", "pre_logits"}}) {
    const std::string name = std::string("flax/feat/") + theirs;
    if (std::string(ours) == "embed" && config.has_class_token()) continue;
    if (file.contains(name)) features.push_back({ours, file.tensor(name)});
  }
  // The class token's zero position gets a gradient here that the other network has no parameter
  // for.
  NamedTensors grads = under_our_names(file, "flax/grad/", config);
  if (config.has_class_token()) {
    const Pass pass = run_pass(*model, file.tensor("input"), file.tensor("labels"));
    for (auto& [name, tensor] : grads) {
      if (name == "pos_embed") tensor.slice(1, 0, 1).copy_(pass.grads.at(name).slice(1, 0, 1));
    }
  }
  Parity parity;
  expect_parity(*model, file, "flax/", parity, features, grads);
  parity.print(GetParam().stem().string());
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BigVisionGolden);
INSTANTIATE_TEST_SUITE_P(Files, BigVisionGolden,
                         testing::ValuesIn(golden_files("models", "big_vision_", ".safetensors")),
                         [](const auto& info) { return test_name(info.param.stem().string()); });

}  // namespace
}  // namespace vit::test
