// The presets against timm's models: names, order and shapes of all parameters, their number, and
// the arithmetic.
#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace vit::test {
namespace {

Json read_zoo(const char* source = "timm") {
  std::ifstream stream(golden_dir() / "zoo.json");
  return stream ? Json::parse(stream).at(source) : Json::object();
}

std::unique_ptr<Model> outline(const std::string& name, int64_t classes) {
  return Models::catalog().make(name).build(
      {.classes = classes, .allocation = Allocation::kShapesOnly});
}

class Zoo : public testing::TestWithParam<std::string> {};

TEST_P(Zoo, PresetEqualsTimm) {
  if (!Models::catalog().contains(GetParam()))
    GTEST_SKIP() << "no preset for " << GetParam() << " yet";
  const Json expected = read_zoo().at(GetParam());
  const auto model = outline(GetParam(), 1000);

  ASSERT_EQ(model->parameters().size(), expected.at("params").size());
  for (size_t i = 0; i < model->parameters().size(); ++i) {
    const auto& [name, tensor] = model->parameters()[i];
    EXPECT_EQ(name, expected.at("params")[i][0].get<std::string>());
    EXPECT_EQ(tensor.sizes().vec(), expected.at("params")[i][1].get<std::vector<int64_t>>())
        << name;
  }
  EXPECT_EQ(parameter_count(*model), expected.at("total_1000").get<int64_t>());
  EXPECT_EQ(parameter_count(*outline(GetParam(), 21843)),
            expected.at("total_21843").get<int64_t>());
  EXPECT_EQ(model->input_size(), square(expected.at("resolution")));
  EXPECT_EQ(model->cost().macs, expected.at("macs").get<double>());
}

// Parameters of hybrids at 1000 and 21843 classes and with a hidden layer before each head, and at
// 384 px: the reference's unit tests, and its formulas for what they leave out.
TEST(ParameterCounts, Hybrids) {
  struct Row {
    const char* name;
    int64_t at_1000, at_1000_hidden, at_21843, at_21843_hidden, at_384;
  };
  const Row rows[] = {
      {"R+ViT-Ti/16", 6337704, 6374760, 10360403, 10397459, 6355944},
      {"R26+ViT-S/32", 36431912, 36579752, 44456467, 44604307, 36468392},
      {"R26+ViT-B/32", 101383976, 101974568, 117412243, 118002835, 101456936},
      {"R50+ViT-B/16", 98659112, 99249704, 114687379, 115277971, 98950952},
      {"R50+ViT-L/32", 328994856, 330044456, 350358931, 351408531, 329092136},
      {"R50+ViT-B/32", 110945832, 111536424, 126974099, 127564691, 111018792},
      {"R50+ViT-L/16", 316483624, 317533224, 337847699, 338897299, 316872744},
  };
  for (const Row& row : rows) {
    const auto count = [&](int64_t classes, bool is_hidden, int64_t image) {
      auto section = Models::catalog().make(row.name);
      auto* config = section.mutate<VitConfig>();
      if (is_hidden) config->representation_size = config->width;
      config->image = square(image);
      return parameter_count(
          *section.build({.classes = classes, .allocation = Allocation::kShapesOnly}));
    };
    EXPECT_EQ(count(1000, false, 224), row.at_1000) << row.name;
    EXPECT_EQ(count(1000, true, 224), row.at_1000_hidden) << row.name;
    EXPECT_EQ(count(21843, false, 224), row.at_21843) << row.name;
    EXPECT_EQ(count(21843, true, 224), row.at_21843_hidden) << row.name;
    EXPECT_EQ(count(1000, false, 384), row.at_384) << row.name;
  }
}

TEST(ParameterCounts, ResNets) {
  struct Row {
    std::vector<int64_t> layers;
    double width;
    int64_t v2_at_1000, v2_at_21843, v2_headless, v1_at_1000, v1_at_21843;
    double gigamacs[3];  // at 224, 384, 480 px, for V1 and V2 alike
  };
  const Row rows[] = {
      // clang-format off
      {{2, 2, 2, 2}, 1, 15987496, 58694803, 13938496, 15995176, 58702483, {2.34, 6.88, 10.75}},
      {{3, 4, 6, 3}, 1, 25549352, 68256659, 23500352, 25557032, 68264339, {4.09, 12.01, 18.77}},
      {{3, 4, 6, 3}, 2, 97988712, 183382483, 93891712, 98004072, 183397843, {16.12, 47.36, 73.99}},
      {{3, 4, 6, 3}, 3, 217319080, 345399315, 211174080, 217342120, 345422355, {36.08, 106.03, 165.66}},
      {{3, 4, 23, 3}, 1, 44541480, 87248787, 42492480, 44549160, 87256467, {7.80, 22.92, 35.82}},
      {{3, 4, 23, 3}, 3, 387934888, 516015123, 381789888, 387957928, 516038163, {69.49, 204.21, 319.08}},
      {{3, 8, 36, 3}, 1, 60185128, 102892435, 58136128, 60192808, 102900115, {11.51, 33.83, 52.86}},
      {{3, 8, 36, 3}, 2, 236335208, 321728979, 232238208, 236350568, 321744339, {45.81, 134.63, 210.36}},
      {{3, 8, 36, 3}, 4, 936533224, 1107299923, 928340224, 936563944, 1107330643, {182.78, 537.13, 839.25}},
      {{3, 24, 36, 3}, 3, 568633000, 696713235, 562488000, 568656040, 696736275, {134.35, 394.80, 616.88}},
      // clang-format on
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::PrintToString(row.layers) + " x " + testing::PrintToString(row.width));
    const auto outline = [&](ResNetUnit unit, int64_t classes, int64_t image) {
      const ResNetConfig config{
          .image = square(image), .layers = row.layers, .width = row.width, .unit = unit};
      return build_resnet(config, {.classes = classes, .allocation = Allocation::kShapesOnly});
    };
    const auto count = [&](ResNetUnit unit, int64_t classes) {
      return parameter_count(*outline(unit, classes, 224));
    };
    EXPECT_EQ(count(ResNetUnit::kPreActivation, 1000), row.v2_at_1000);
    EXPECT_EQ(count(ResNetUnit::kPreActivation, 21843), row.v2_at_21843);
    EXPECT_EQ(count(ResNetUnit::kPreActivation, 0), row.v2_headless);
    EXPECT_EQ(count(ResNetUnit::kPostActivation, 1000), row.v1_at_1000);
    EXPECT_EQ(count(ResNetUnit::kPostActivation, 21843), row.v1_at_21843);
    for (const ResNetUnit unit : {ResNetUnit::kPreActivation, ResNetUnit::kPostActivation}) {
      for (const auto& [i, image] : {std::pair{0, 224}, std::pair{1, 384}, std::pair{2, 480}}) {
        const ModelCost cost = outline(unit, 1000, image)->cost();
        EXPECT_NEAR(cost.macs / 1e9, row.gigamacs[i], 0.00501);
        EXPECT_EQ(cost.tokens, 0);
      }
    }
  }
}

// "R50x1-C1000" -> the preset R50x1 with 1000 classes.
TEST(ParameterCounts, PostActivationResNetsEqualBigVision) {
  int64_t compared = 0;
  const Json zoo = read_zoo("flax_bit_v1");
  for (const auto& [key, entry] : zoo.items()) {
    const size_t dash = key.find("-C");
    const auto model = outline(key.substr(0, dash), std::stoll(key.substr(dash + 2)));
    EXPECT_EQ(parameter_count(*model), entry.at("total").get<int64_t>()) << key;
    EXPECT_EQ(model->parameters().size(), entry.at("npz_keys").size()) << key;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST(ZooFile, IsCovered) {
  int64_t transformers = 0, hybrids = 0, resnets = 0;
  const Json zoo = read_zoo();
  for (const auto& [name, entry] : zoo.items()) {
    if (!Models::catalog().contains(name)) continue;
    const bool is_hybrid = name.find("_r_s") != name.npos || name.find("_r26") != name.npos ||
                           name.find("_r50") != name.npos;
    (name.starts_with("resnet") ? resnets : is_hybrid ? hybrids : transformers) += 1;
  }
  EXPECT_GE(transformers, 1);
  EXPECT_EQ(hybrids, 5);
  EXPECT_EQ(resnets, 6);
}

std::vector<std::string> timm_names() {
  std::vector<std::string> names;
  const Json zoo = read_zoo();
  for (const auto& [name, entry] : zoo.items()) names.push_back(name);
  return names;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Zoo);
INSTANTIATE_TEST_SUITE_P(Timm, Zoo, testing::ValuesIn(timm_names()),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace vit::test
