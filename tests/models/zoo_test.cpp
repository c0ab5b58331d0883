// The presets against timm's models: names, order and shapes of all parameters, their number, and
// the arithmetic.
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace vit::test {
namespace {

Json read_zoo() {
  std::ifstream stream(golden_dir() / "zoo.json");
  return stream ? Json::parse(stream).at("timm") : Json::object();
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

TEST(ZooFile, CoversTheVisionTransformers) {
  int64_t covered = 0;
  const Json zoo = read_zoo();
  for (const auto& [name, entry] : zoo.items()) covered += Models::catalog().contains(name) ? 1 : 0;
  EXPECT_GE(covered, 1);
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
