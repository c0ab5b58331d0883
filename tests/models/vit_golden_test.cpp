// Tiny Vision Transformers and hybrids under timm's names: logits, features and every gradient
// equal timm's (erf GELU) and Flax's (tanh).
#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace vit::test {
namespace {

struct Case {
  VitConfig config;
  int64_t classes = 0;
};

Extent extent_of(const Json& value) {
  return value.is_array() ? Extent{value[0], value[1]} : square(value.get<int64_t>());
}

// Networks described as the official code does; "" or the reason why this is none of ours.
std::string read_official(const Json& json, Case& found) {
  VitConfig& config = found.config;
  config.image = extent_of(json.at("image"));
  config.patch = extent_of(json.at("patch"));
  config.width = json.at("width");
  config.depth = json.at("depth");
  config.heads = json.at("heads");
  config.mlp = json.at("mlp");
  const std::string classifier = json.at("classifier");
  if (classifier != "token" && classifier != "gap") return "classifier " + classifier;
  if (!json.at("trunk_width_factor").is_null()) {
    config.trunk = TrunkConfig{.layers = json.at("trunk_layers").get<std::vector<int64_t>>(),
                               .width = json.at("trunk_width_factor")};
  }
  config.pooling = classifier == "gap" ? Pooling::kMean : Pooling::kToken;
  if (!json.at("representation_size").is_null())
    config.representation_size = json.at("representation_size");
  return "";
}

// Networks described by the arguments of timm's VisionTransformer.
std::string read_timm(const Json& json, Case& found) {
  VitConfig& config = found.config;
  config.image = extent_of(json.at("image"));
  double mlp_ratio = 4;
  bool class_token = true;
  for (const auto& [key, value] : json.at("config").items()) {
    if (key == "depth")
      config.depth = value;
    else if (key == "embed_dim")
      config.width = value;
    else if (key == "num_heads")
      config.heads = value;
    else if (key == "patch_size")
      config.patch = extent_of(value);
    else if (key == "mlp_ratio")
      mlp_ratio = value;
    else if (key == "global_pool" && value == "avg")
      config.pooling = Pooling::kMeanFcNorm;
    else if (key == "global_pool" && value == "token")
      config.pooling = Pooling::kToken;
    else if (key == "global_pool" && value == "map")
      config.pooling = Pooling::kAttention;
    else if (key == "class_token")
      class_token = value;
    else if (key == "init_values")
      config.layer_scale = value;
    else if (key == "no_embed_class")
      config.class_token_position = !value.get<bool>();
    else
      return key + "=" + value.dump();
  }
  config.mlp = static_cast<int64_t>(mlp_ratio * static_cast<double>(config.width));
  config.distilled = json.at("kind").get<std::string>().find("distilled") != std::string::npos;
  if (class_token != config.has_class_token()) return "class_token with this global_pool";
  return "";
}

// What the two heads of a distilled network say by themselves.
void expect_both_heads(const Model& model, const TensorFile& file, const std::string& group) {
  KeepTaps taps;
  model.forward(file.tensor("input"), Mode::kEval, &taps);
  for (const auto& [ours, theirs] :
       {std::pair{"head", "train_logits_cls"}, std::pair{"head_dist", "train_logits_dist"}}) {
    EXPECT_LE(distance(taps.values.at(ours), file.tensor(group + theirs)), kLogitsTolerance)
        << ours;
  }
}

class VitGolden : public testing::TestWithParam<fs::path> {};

TEST_P(VitGolden, LogitsFeaturesAndGradients) {
  const TensorFile file(GetParam());
  if (!file.metadata().contains("json")) GTEST_SKIP() << "no network: a bare state dict";
  const Json json = json_of(file);
  const std::string kind = json.value("kind", "");
  Case found;
  std::string reason = "kind '" + kind + "'";
  if (kind == "vit") reason = read_official(json, found);
  if (kind.starts_with("timm ")) reason = read_timm(json, found);
  if (!reason.empty()) GTEST_SKIP() << "not a network of ours yet: " << reason;
  found.classes = json.at("classes");
  found.config.norm_eps = json.at("layer_norm_eps");

  int64_t groups = 0;
  for (const auto& [group, numerics] :
       {std::pair{"timm/", Numerics::kTimm}, std::pair{"flax/", Numerics::kJax}}) {
    if (!file.contains(std::string(group) + "logits")) continue;
    ++groups;
    found.config.numerics = numerics;
    const auto model = build_vision_transformer(
        found.config,
        {.classes = found.classes, .channels = file.tensor("input").size(1), .seed = Random(1)});
    const InitConfig keep{.head = HeadPolicy::kKeep,
                          .position_embedding = PositionEmbeddingPolicy::kStrict};
    const LoadReport report =
        load_weights(*model, {GetParam().filename(), below(file, "param/")}, keep);
    EXPECT_EQ(report.matched, report.total);
    EXPECT_TRUE(report.unused.empty());
    Parity parity{.allowed = found.config.trunk ? kConvolutionalTolerance : kLogitsTolerance};
    if (found.config.distilled) expect_both_heads(*model, file, group);
    const NamedTensors grads = below(file, group + std::string("grad/"));
    EXPECT_TRUE(!grads.empty() || found.config.trunk) << "no gradients in " << group;
    expect_parity(*model, file, group, parity, below(file, group + std::string("feat/")), grads);
    parity.print(GetParam().stem().string() + " " + group);
  }
  EXPECT_GT(groups, 0) << "the file holds results of no implementation known here";
}

TEST(VitGoldenFiles, AreThere) {
  EXPECT_FALSE(golden_files("models", "vit_", ".safetensors").empty());
}

std::vector<fs::path> networks() {
  std::vector<fs::path> found;
  for (const fs::path& file : golden_files("models", "", ".safetensors")) {
    const std::string name = file.filename();
    const bool is_elsewhere = name.starts_with("big_vision_") || name.starts_with("bit_");
    if (!is_elsewhere) found.push_back(file);
  }
  return found;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(VitGolden);
INSTANTIATE_TEST_SUITE_P(Files, VitGolden, testing::ValuesIn(networks()),
                         [](const auto& info) { return test_name(info.param.stem().string()); });

}  // namespace
}  // namespace vit::test
