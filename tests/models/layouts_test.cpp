// Importing the names and layouts of other libraries: published archives, state dicts in every
// spelling, and what is refused.
#include "vit/runtime/npz_file.hpp"

#include "models/layouts/rules.hpp"
#include "models/layouts_support.hpp"

#include <gmock/gmock.h>

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- files of others

class Archive : public testing::TestWithParam<fs::path> {};

TEST_P(Archive, EqualsTheGoldenParameters) {
  const std::string stem = GetParam().stem();
  const std::string network = stem.substr(0, stem.find('.'));
  const fs::path golden = golden_dir() / "models" / (network + ".safetensors");
  if (!fs::exists(golden)) GTEST_SKIP() << "no " << golden.filename();
  const TensorFile file(golden);
  const Weights weights = import_weights(read_npz(GetParam()), stem);
  EXPECT_EQ(weights.layout, network.starts_with("bit_v2") ? Layout::kBigTransfer : Layout::kJax);
  NamedTensors expected = below(file, "param/");
  if (network.starts_with("big_vision_")) {
    expected = below(file, "timm_param/");
    if (expected.empty()) expected = import_weights(below(file, "param/"), network).tensors;
  } else if (stem.ends_with(".f16") || stem.ends_with(".bf16_void")) {
    const auto type = stem.ends_with(".f16") ? at::kHalf : at::kBFloat16;
    for (auto& [name, tensor] : expected) tensor = tensor.to(type);
  }
  expect_equal(weights.tensors, expected);
  const Json json = json_of(file);
  if (json.contains("heads")) {
    EXPECT_EQ(weights.heads, json.at("heads").get<int64_t>());
  }
  if (stem.ends_with("opt_target")) {
    EXPECT_THAT(weights.ignored, ElementsAre("opt/state/step"));
  } else {
    EXPECT_THAT(weights.ignored, IsEmpty());
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Archive);
INSTANTIATE_TEST_SUITE_P(Files, Archive, testing::ValuesIn(golden_files("npz", "", ".npz")),
                         [](const auto& info) { return test_name(info.param.stem().string()); });

TEST(StateDicts, OfOtherLibraries) {
  for (const auto& [golden, layout] : {std::pair{"names_huggingface", Layout::kHuggingFace},
                                       {"names_torchvision", Layout::kTorchvision}}) {
    const TensorFile file(golden_dir() / "models" / (std::string(golden) + ".safetensors"));
    const NamedTensors theirs = file.tensors(), ours = network_of("vit_token");
    const Weights weights = import_weights(theirs, golden);
    EXPECT_EQ(weights.layout, layout);
    expect_equal(weights.tensors, ours);
    expect_equal(export_weights(ours, layout), theirs);
  }
}

// Other spellings of the same state dicts.
TEST(StateDicts, OtherSpellings) {
  const NamedTensors ours = network_of("vit_token");
  const auto renamed = [](NamedTensors file, const std::string& from, const std::string& to) {
    for (NamedTensor& entry : file) {
      const size_t at = entry.name.find(from);
      if (at != std::string::npos) entry.name.replace(at, from.size(), to);
    }
    return file;
  };
  NamedTensors torchvision = export_weights(ours, Layout::kTorchvision);
  torchvision = renamed(renamed(torchvision, "mlp.0.", "mlp.linear_1."), "mlp.3.", "mlp.linear_2.");
  expect_equal(import_weights(torchvision, "legacy").tensors, ours);

  NamedTensors transformers = export_weights(ours, Layout::kHuggingFace);
  for (const auto& [from, to] : {std::pair{"encoder.layer.", "layers."},
                                 {"attention.attention.query", "attention.q_proj"},
                                 {"attention.attention.key", "attention.k_proj"},
                                 {"attention.attention.value", "attention.v_proj"},
                                 {"attention.output.dense", "attention.o_proj"},
                                 {"intermediate.dense", "mlp.fc1"},
                                 {"output.dense", "mlp.fc2"}}) {
    transformers = renamed(transformers, from, to);
  }
  expect_equal(import_weights(transformers, "in memory").tensors, ours);

  for (const Layout layout : {Layout::kTimm, Layout::kHuggingFace, Layout::kTorchvision}) {
    NamedTensors wrapped = export_weights(ours, layout);
    for (NamedTensor& entry : wrapped) entry.name = "_orig_mod.module." + entry.name;
    EXPECT_EQ(recognise_layout(wrapped), layout);
    expect_equal(import_weights(wrapped, "wrapped").tensors, ours);
  }
}

TEST(StateDicts, WithoutQueryKeyValueBiases) {
  const NamedTensors ours = network_of("vit_token");
  NamedTensors file = export_weights(ours, Layout::kHuggingFace);
  std::erase_if(file, [](const NamedTensor& entry) {
    return entry.name.ends_with("query.bias") || entry.name.ends_with("key.bias") ||
           entry.name.ends_with("1.attention.attention.value.bias");
  });
  const Weights weights = import_weights(file, "no biases");
  EXPECT_EQ(weights.tensors.size(), ours.size());
  const at::Tensor first = *find_tensor(weights.tensors, "blocks.0.attn.qkv.bias"),
                   second = *find_tensor(weights.tensors, "blocks.1.attn.qkv.bias");
  const int64_t width = first.size(0) / 3;
  EXPECT_EQ(max_abs(first.slice(0, 0, 2 * width)), 0.0);
  EXPECT_TRUE(at::equal(first.slice(0, 2 * width),
                        find_tensor(ours, "blocks.0.attn.qkv.bias")->slice(0, 2 * width)));
  EXPECT_EQ(max_abs(second), 0.0);
  EXPECT_EQ(second.size(0), 3 * width);
}

TEST(StateDicts, HuggingFaceWithoutHead) {
  NamedTensors ours = network_of("vit_pre_logits");
  EXPECT_THAT(export_refusal(ours, Layout::kHuggingFace), HasSubstr("no hidden layer"));
  std::erase_if(ours, [](const NamedTensor& entry) { return entry.name.starts_with("head."); });
  const NamedTensors file = export_weights(ours, Layout::kHuggingFace);
  EXPECT_NE(find_tensor(file, "embeddings.cls_token"), nullptr);
  EXPECT_NE(find_tensor(file, "pooler.dense.weight"), nullptr);
  expect_equal(import_weights(file, "ViTModel").tensors, ours);
}

// Blocks stacked for a scan, an attention pooling head without a module of its own, position
// embeddings that still have the entry of a class token.
TEST(BigVision, OldAndStackedForms) {
  const TensorFile file(golden_dir() / "models" / "timm_vit_map.safetensors");
  const NamedTensors ours = below(file, "param/");
  NamedTensors theirs = export_weights(ours, Layout::kJax, {.heads = 4}), stacked;
  for (const auto& [name, tensor] : theirs) {
    const size_t first = name.find("encoderblock_0"), head = name.find("MAPHead_0/");
    if (name.find("encoderblock_1") != std::string::npos) continue;
    if (name == "params/pos_embedding") {
      stacked.push_back({name, at::cat({at::ones({1, 1, tensor.size(2)}), tensor}, 1)});
    } else if (head != std::string::npos) {
      stacked.push_back({std::string(name).replace(head, 10, ""), tensor});
    } else if (first != std::string::npos) {
      const std::string second = std::string(name).replace(first, 14, "encoderblock_1");
      stacked.push_back({std::string(name).replace(first, 14, "encoderblock"),
                         at::stack({tensor, *find_tensor(theirs, second)})});
    } else {
      stacked.push_back({name, tensor});
    }
  }
  const Weights weights = import_weights(stacked, "stacked");
  expect_equal(weights.tensors, ours);
  EXPECT_EQ(weights.heads, 4);
}

TEST(BigVision, OnlyTheImageTower) {
  NamedTensors file = export_weights(network_of("vit_token"), Layout::kJax, {.heads = 4});
  for (NamedTensor& entry : file) entry.name = "params/img/" + entry.name;
  file.push_back({"params/txt/head/kernel", at::zeros({2, 2})});
  file.push_back({"params/t", at::zeros({1})});
  file.push_back({"opt/0/count", at::zeros({1})});
  const Weights weights = import_weights(file, "two towers");
  NamedTensors expected = network_of("vit_token");
  expected.push_back({"params/txt/head/kernel", at::zeros({2, 2})});
  expected.push_back({"params/t", at::zeros({1})});
  expect_equal(weights.tensors, expected);
  EXPECT_THAT(weights.ignored, ElementsAre("opt/0/count"));
}

// ---- what does not fit

TEST(Import, RefusesInWords) {
  const auto message = [](const NamedTensors& file, std::optional<Layout> layout = {}) {
    try {
      import_weights(file, "some.npz", layout);
    } catch (const CheckpointError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const NamedTensors ours = network_of("vit_token");
  NamedTensors jax = export_weights(ours, Layout::kJax, {.heads = 4});
  EXPECT_THAT(message(jax, Layout::kTorchvision),
              HasSubstr("weights 'some.npz' have the names of jax, not of torchvision"));
  NamedTensors broken = jax;
  for (auto& [name, tensor] : broken) {
    if (name == "head/kernel") tensor = at::zeros({3});
  }
  EXPECT_THAT(message(broken), HasSubstr("head/kernel is 3"));
  std::erase_if(jax, [](const NamedTensor& entry) { return entry.name.ends_with("key/kernel"); });
  EXPECT_THAT(message(jax), HasSubstr("only some of the 3 parts of blocks.0.attn.qkv.weight"));
  NamedTensors twice = export_weights(ours, Layout::kTorchvision);
  twice.push_back({"encoder.layers.encoder_layer_0.mlp.linear_1.bias", at::zeros({64})});
  EXPECT_THAT(message(twice), HasSubstr("give blocks.0.mlp.fc1.bias twice"));

  EXPECT_EQ(recognise_layout({{"layer1.0.conv1.weight", at::zeros({1})}}), std::nullopt);
  expect_equal(import_weights({{"x.y", at::zeros({1})}}, "nobody's").tensors,
               {{"x.y", at::zeros({1})}});
}

TEST(Patterns, MatchAndFill) {
  EXPECT_EQ(match_pattern("block{+1}/unit{+01}/a", "block3/unit012/a"), (Numbers{2, 11}));
  EXPECT_EQ(match_pattern("block{+1}/x", "block0/x"), std::nullopt);
  EXPECT_EQ(match_pattern("a.{}.b", "a.x.b"), std::nullopt);
  EXPECT_EQ(match_pattern("a.{}.b", "a.1.b.c"), std::nullopt);
  EXPECT_EQ(match_pattern("a.{}.b", "a.-1.b"), std::nullopt);
  EXPECT_EQ(fill_pattern("block{+1}/unit{+01}/a", {2, 0}), "block3/unit01/a");
  EXPECT_EQ(fill_pattern("block{+1}/unit{+01}/a", {2, 35}), "block3/unit36/a");
}

TEST(BigTransfer, NumberedLayers) {
  const fs::path golden = golden_dir() / "models" / "bit_v2_two_stages.safetensors";
  if (!fs::exists(golden)) GTEST_SKIP();
  const NamedTensors ours = below(TensorFile(golden), "param/");
  NamedTensors file = export_weights(ours, Layout::kBigTransfer);
  for (NamedTensor& entry : file) {
    for (const char* layer : {"standardized_conv2d", "group_norm"}) {
      const size_t at = entry.name.find(layer);
      if (at != std::string::npos) entry.name.insert(at + std::string(layer).size(), "_17");
    }
  }
  EXPECT_EQ(recognise_layout(file), Layout::kBigTransfer);
  expect_equal(import_weights(file, "numbered").tensors, ours);
}

}  // namespace
}  // namespace vit::test
