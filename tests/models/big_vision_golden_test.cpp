// Networks of big_vision, whose files carry Flax names and layouts: fixed 2-D sin-cos position
// embeddings, mean pooling, hidden tanh layer. Position embeddings are added before the class token
// there, which is ours with a zero first entry.
#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

// The entries below `prefix`, as import_weights has them.
NamedTensors imported(const TensorFile& file, const std::string& prefix) {
  return import_weights(below(file, prefix), prefix).tensors;
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
    else if (key == "pool_type" && value == "map")
      config.pooling = Pooling::kAttention;
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
  const Weights weights = import_weights(below(file, "param/"), GetParam().filename());
  EXPECT_EQ(weights.layout, Layout::kJax);
  EXPECT_EQ(weights.heads, config.heads);
  const LoadReport report = load_weights(*model, weights, {.head = HeadPolicy::kKeep});
  EXPECT_EQ(report.matched, report.total);
  EXPECT_TRUE(report.unused.empty());

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
  NamedTensors grads = imported(file, "flax/grad/");
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
