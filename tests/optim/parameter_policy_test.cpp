// Rules on parameter names, and what users are told about rules that cannot work.
#include "vit/optim/parameter_policy.hpp"

#include "vit/core/error.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace vit {
namespace {

NamedTensors named(const std::vector<std::string>& names) {
  NamedTensors all;
  for (const auto& name : names) all.push_back({name, at::zeros({1})});
  return all;
}

const NamedTensors kVit =
    named({"cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias",
           "blocks.0.norm1.weight", "blocks.0.attn.qkv.weight", "blocks.0.attn.qkv.bias",
           "head.weight", "head.bias"});

std::string refusal(const std::vector<ParameterRule>& rules) {
  try {
    apply_policy(rules, kVit);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ParameterPolicy, the_first_rule_found_decides) {
  const auto traits = apply_policy({{.match = "bias$|norm", .decay = 0},
                                    {.match = "^head\\.", .lr_scale = 10},
                                    {.match = "embed", .frozen = true}},
                                   kVit);
  ASSERT_EQ(traits.size(), kVit.size());
  EXPECT_EQ(traits[0], ParameterTraits{});                // cls_token
  EXPECT_EQ(traits[1], ParameterTraits{.frozen = true});  // pos_embed
  EXPECT_EQ(traits[3], ParameterTraits{.decay = 0});      // patch_embed.proj.bias
  EXPECT_EQ(traits[4], ParameterTraits{.decay = 0});      // norm1
  EXPECT_EQ(traits[7], ParameterTraits{.lr_scale = 10});  // head.weight
  EXPECT_EQ(traits[8], ParameterTraits{.decay = 0});      // head.bias: the earlier rule
}

TEST(ParameterPolicy, without_rules_everything_has_the_defaults) {
  for (const auto& t : apply_policy({}, kVit)) EXPECT_EQ(t, ParameterTraits{});
}

TEST(ParameterPolicy, all_rules_that_match_nothing_are_named_with_suggestions) {
  const std::string text = refusal(
      {{.match = "head\\.wieght"}, {.match = "bias"}, {.match = "qvk"}, {.match = "zzzzzz"}});
  EXPECT_NE(text.find("parameters[0]: match: 'head\\.wieght' matches no parameter; did you mean "
                      "'head.weight'?"),
            text.npos)
      << text;
  EXPECT_EQ(text.find("parameters[1]"), text.npos) << text;
  EXPECT_NE(text.find("parameters[2]: match: 'qvk' matches no parameter; did you mean 'qkv', as in "
                      "blocks.0.attn.qkv.weight?"),
            text.npos)
      << text;
  EXPECT_NE(text.find("parameters[3]"), text.npos) << text;
  EXPECT_NE(text.find("cls_token, pos_embed"), text.npos) << text;
}

TEST(ParameterPolicy, broken_expressions_are_named) {
  const std::string text = refusal({{.match = "head.(weight"}});
  EXPECT_NE(text.find("parameters[0]: match: 'head.(weight' is no regular expression"), text.npos)
      << text;
}

TEST(ParameterPolicy, something_must_be_left_to_train) {
  EXPECT_NE(refusal({{.match = ".", .frozen = true}}).find("nothing is left to train"),
            std::string::npos);
}

}  // namespace
}  // namespace vit
