// Starting values: each rule of the reference implementation, by its statistics, and what they
// depend on.
#include "models/families.hpp"
#include "models/golden_model.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

VitConfig small_config() {
  return {.image = square(64),
          .patch = square(8),
          .width = 128,
          .depth = 3,
          .heads = 4,
          .mlp = 512,
          .representation_size = 96};
}

NamedTensors initial(const Model& model) {
  NamedTensors copies;
  for (const auto& [name, tensor] : model.parameters())
    copies.push_back({name, tensor.detach().clone()});
  return copies;
}
NamedTensors initial(const VitConfig& config, const ModelArgs& args) {
  return initial(*build_vision_transformer(config, args));
}
NamedTensors initial(const ResNetConfig& config, const ModelArgs& args) {
  return initial(*build_resnet(config, args));
}

struct Stats {
  double mean, deviation, largest;
};
Stats stats_of(const NamedTensors& tensors, const std::string& name) {
  const at::Tensor* found = find_tensor(tensors, name);
  if (found == nullptr) throw std::runtime_error("no parameter " + name);
  const at::Tensor values = found->to(at::kDouble);
  return {values.mean().item<double>(), values.std().item<double>(),
          values.abs().max().item<double>()};
}

class Expectations : public testing::Test {
 protected:
  explicit Expectations(NamedTensors tensors) : tensors(std::move(tensors)) {}
  const NamedTensors tensors;

  void expect_uniform(const std::string& name, int64_t fan_in, int64_t fan_out) {
    const double limit = std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
    const Stats s = stats_of(tensors, name);
    EXPECT_LE(s.largest, limit * 1.000001) << name;
    EXPECT_GE(s.largest, limit * 0.99) << name;
    EXPECT_NEAR(s.deviation, limit / std::sqrt(3.0), 0.02 * limit) << name;
    EXPECT_NEAR(s.mean, 0.0, 0.02 * limit) << name;
  }
  void expect_lecun_normal(const std::string& name, int64_t fan_in) {
    const double deviation = 1.0 / std::sqrt(static_cast<double>(fan_in));
    const Stats s = stats_of(tensors, name);
    EXPECT_NEAR(s.deviation, deviation, 0.03 * deviation) << name;
    EXPECT_NEAR(s.mean, 0.0, 0.05 * deviation) << name;
    const double cut =
        2 * deviation / 0.87962566103423978;  // truncated at two deviations of the wider normal
    EXPECT_LE(s.largest, cut * 1.000001) << name;
    EXPECT_GE(s.largest, 0.98 * cut) << name;
  }
  void expect_constant(const std::string& name, double value) {
    const Stats s = stats_of(tensors, name);
    EXPECT_EQ(s.mean, value) << name;
    EXPECT_EQ(s.deviation, 0.0) << name;
  }
};

class Initialisers : public Expectations {
 protected:
  Initialisers() : Expectations(initial(small_config(), {.classes = 1000, .seed = Random(7)})) {}
};

TEST_F(Initialisers, PatchEmbedding) {
  expect_lecun_normal("patch_embed.proj.weight", 8 * 8 * 3);
  expect_constant("patch_embed.proj.bias", 0);
}

TEST_F(Initialisers, Tokens) {
  expect_constant("cls_token", 0);
  const Stats s = stats_of(tensors, "pos_embed");
  EXPECT_NEAR(s.deviation, 0.02, 0.001);
  EXPECT_NEAR(s.mean, 0, 0.001);
  EXPECT_GE(s.largest, 3 * 0.02) << "must not be truncated";
}

// Queries, keys and values are separate matrices in the reference: the fused matrix has the limit
// of a square one.
TEST_F(Initialisers, Attention) {
  for (const char* block : {"blocks.0.", "blocks.2."}) {
    expect_uniform(std::string(block) + "attn.qkv.weight", 128, 128);
    expect_uniform(std::string(block) + "attn.proj.weight", 128, 128);
    expect_constant(std::string(block) + "attn.qkv.bias", 0);
    expect_constant(std::string(block) + "attn.proj.bias", 0);
  }
}

TEST_F(Initialisers, Mlp) {
  expect_uniform("blocks.1.mlp.fc1.weight", 128, 512);
  expect_uniform("blocks.1.mlp.fc2.weight", 512, 128);
  for (const char* name : {"blocks.1.mlp.fc1.bias", "blocks.1.mlp.fc2.bias"}) {
    EXPECT_NEAR(stats_of(tensors, name).deviation, 1e-6, 3e-7) << name;
  }
}

TEST_F(Initialisers, Norms) {
  for (const char* norm : {"blocks.0.norm1", "blocks.0.norm2", "norm"}) {
    expect_constant(std::string(norm) + ".weight", 1);
    expect_constant(std::string(norm) + ".bias", 0);
  }
}

TEST_F(Initialisers, Heads) {
  expect_lecun_normal("pre_logits.fc.weight", 128);
  expect_constant("pre_logits.fc.bias", 0);
  expect_constant("head.weight", 0);
  expect_constant("head.bias", 0);
}

// The reference draws every convolution alike; only post-activation units start as the identity.
class ResNetInitialisers : public Expectations {
 protected:
  explicit ResNetInitialisers(ResNetUnit unit = ResNetUnit::kPostActivation)
      : Expectations(initial(ResNetConfig{.layers = {1, 1}, .unit = unit, .head_bias = -2},
                             {.classes = 10, .seed = Random(7)})) {}
  void expect_convolutions() {
    expect_lecun_normal("stem.conv.weight", 7 * 7 * 3);
    expect_lecun_normal("stages.0.blocks.0.downsample.conv.weight", 64);
    expect_lecun_normal("stages.1.blocks.0.conv1.weight", 256);
    expect_lecun_normal("stages.1.blocks.0.conv2.weight", 3 * 3 * 128);
    expect_lecun_normal("stages.1.blocks.0.conv3.weight", 128);
    expect_constant("head.fc.weight", 0);
    expect_constant("head.fc.bias", -2);
  }
  void expect_norms(double last_scale) {
    for (const std::string unit : {"stages.0.blocks.0.", "stages.1.blocks.0."}) {
      expect_constant(unit + "norm1.weight", 1);
      expect_constant(unit + "norm2.weight", 1);
      expect_constant(unit + "norm3.weight", last_scale);
      expect_constant(unit + "norm3.bias", 0);
    }
  }
};

TEST_F(ResNetInitialisers, PostActivation) {
  expect_convolutions();
  expect_norms(0);
  expect_constant("stem.norm.weight", 1);
  expect_constant("stages.1.blocks.0.downsample.norm.weight", 1);
}

class PreActivationInitialisers : public ResNetInitialisers {
 protected:
  PreActivationInitialisers() : ResNetInitialisers(ResNetUnit::kPreActivation) {}
};

TEST_F(PreActivationInitialisers, PreActivation) {
  expect_convolutions();
  expect_norms(1);
  expect_constant("norm.weight", 1);
}

TEST(HeadOptions, BiasAndRandomWeightOfResNets) {
  const NamedTensors tensors =
      initial(ResNetConfig{.layers = {1}, .head_zero_init = false}, {.classes = 1000});
  EXPECT_NEAR(stats_of(tensors, "head.fc.weight").deviation, 1 / 16.0, 0.003);
}

TEST(HeadOptions, BiasAndRandomWeight) {
  VitConfig config = small_config();
  config.head_bias = -6.9;
  config.head_zero_init = false;
  const NamedTensors tensors = initial(config, {.classes = 1000, .seed = Random(7)});
  EXPECT_NEAR(stats_of(tensors, "head.weight").deviation, 1 / std::sqrt(96.0), 0.003);
  EXPECT_NEAR(stats_of(tensors, "head.bias").mean, -6.9, 1e-6);
}

void expect_equal(const NamedTensors& a, const NamedTensors& b, const std::string& name) {
  EXPECT_TRUE(at::equal(*find_tensor(a, name), *find_tensor(b, name))) << name;
}

// A parameter's start depends on the seed and its own name, not on what else the network has.
TEST(InitialValues, DependOnSeedAndNameOnly) {
  VitConfig config = small_config();
  const NamedTensors once = initial(config, {.classes = 10, .seed = Random(1)});
  const NamedTensors again = initial(config, {.classes = 10, .seed = Random(1)});
  const NamedTensors other = initial(config, {.classes = 10, .seed = Random(2)});
  config.depth = 5;
  config.pooling = Pooling::kMean;
  const NamedTensors deeper = initial(config, {.classes = 3, .seed = Random(1)});
  for (const auto& [name, tensor] : once) expect_equal(once, again, name);
  for (const char* name :
       {"patch_embed.proj.weight", "blocks.2.mlp.fc1.weight", "pre_logits.fc.weight"}) {
    expect_equal(once, deeper, name);
    EXPECT_FALSE(at::equal(*find_tensor(once, name), *find_tensor(other, name))) << name;
  }
  EXPECT_FALSE(at::equal(*find_tensor(once, "blocks.0.attn.qkv.weight"),
                         *find_tensor(once, "blocks.1.attn.qkv.weight")));
}

}  // namespace
}  // namespace vit::test
