// Tiny BiT ResNets under timm's names: logits, features and every gradient equal those of timm and
// of the original code, each with its own constants.
#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

ResNetConfig read_config(const TensorFile& file) {
  const Json json = json_of(file);
  const bool is_v2 = json.at("kind").get<std::string>().find("V2") != std::string::npos;
  ResNetConfig config{
      .image = square(json.at("image")),
      .layers = json.at("layers"),
      .channels = {},
      .width = static_cast<double>(file.tensor("param/stem.conv.weight").size(0)) / 64,
      .unit = is_v2 ? ResNetUnit::kPreActivation : ResNetUnit::kPostActivation};
  for (size_t stage = 0; stage < config.layers.size(); ++stage) {
    const std::string last = fmt::format("param/stages.{}.blocks.0.conv3.weight", stage);
    const auto channels = static_cast<double>(file.tensor(last).size(0));
    config.channels.push_back(static_cast<int64_t>(channels / config.width));
  }
  return config;
}

NamedTensors features_of(const TensorFile& file, const std::string& group) {
  NamedTensors features = below(file, group + "feat/");
  for (auto& [name, tensor] : features) {
    if (name == "pooled4d") {  // [B, C, 1, 1]
      name = "pooled";
      tensor = tensor.flatten(1);
    }
  }
  return features;
}

class ResNetGolden : public testing::TestWithParam<fs::path> {};

TEST_P(ResNetGolden, LogitsFeaturesAndGradients) {
  const TensorFile file(GetParam());
  ResNetConfig config = read_config(file);
  const int64_t classes = json_of(file).at("classes");
  int64_t groups = 0;
  for (const auto& [name, numerics] :
       {std::pair{"timm/", Numerics::kTimm}, std::pair{"flax/", Numerics::kJax},
        std::pair{"big_transfer/", Numerics::kJax}}) {
    const std::string group = name;
    if (!file.contains(group + "logits")) continue;
    ++groups;
    config.numerics = numerics;
    const auto model = build_resnet(config, {.classes = classes, .seed = Random(1)});
    const LoadReport report = load_weights(*model, {GetParam().filename(), below(file, "param/")},
                                           {.head = HeadPolicy::kKeep});
    EXPECT_EQ(report.matched, report.total);
    EXPECT_TRUE(report.unused.empty());
    Parity parity{.allowed = kConvolutionalTolerance};
    expect_parity(*model, file, group, parity, features_of(file, group),
                  below(file, group + "grad/"));
    parity.print(GetParam().stem().string() + " " + group);
  }
  EXPECT_EQ(groups, 2) << "timm's numbers and those of the original code";
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ResNetGolden);
INSTANTIATE_TEST_SUITE_P(Files, ResNetGolden,
                         testing::ValuesIn(golden_files("models", "bit_", ".safetensors")),
                         [](const auto& info) { return test_name(info.param.stem().string()); });

}  // namespace
}  // namespace vit::test
