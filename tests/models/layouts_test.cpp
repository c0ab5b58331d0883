// Names and layouts of other libraries, both ways: published containers, state dicts of other
// libraries, every golden network there and back, key lists of the official networks.
#include "vit/core/error.hpp"
#include "vit/models/layout.hpp"
#include "vit/runtime/npz_file.hpp"

#include "models/golden_model.hpp"
#include "models/layouts/rules.hpp"
#include "support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace vit::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// The same names, shapes and values.
void expect_equal(const NamedTensors& got, const NamedTensors& expected) {
  EXPECT_EQ(got.size(), expected.size());
  for (const auto& [name, want] : expected) {
    const at::Tensor* tensor = find_tensor(got, name);
    if (tensor == nullptr) {
      ADD_FAILURE() << "no " << name;
      continue;
    }
    EXPECT_EQ(tensor->sizes(), want.sizes()) << name;
    EXPECT_TRUE(at::equal(tensor->to(want.scalar_type()), want)) << name;
  }
}

NamedTensors network_of(const std::string& golden) {
  return below(TensorFile(golden_dir() / "models" / (golden + ".safetensors")), "param/");
}

std::string refusal(const NamedTensors& network, Layout layout, const ExportOptions& options = {}) {
  try {
    export_weights(network, layout, options);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

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
  EXPECT_THAT(refusal(ours, Layout::kHuggingFace), HasSubstr("no hidden layer"));
  std::erase_if(ours, [](const NamedTensor& entry) { return entry.name.starts_with("head."); });
  const NamedTensors file = export_weights(ours, Layout::kHuggingFace);
  EXPECT_NE(find_tensor(file, "embeddings.cls_token"), nullptr);
  EXPECT_NE(find_tensor(file, "pooler.dense.weight"), nullptr);
  expect_equal(import_weights(file, "ViTModel").tensors, ours);
}

// ---- there and back

constexpr Layout kOthers[] = {Layout::kJax, Layout::kHuggingFace, Layout::kTorchvision,
                              Layout::kBigTransfer};

// The layouts each golden network fits in.
std::set<Layout> homes_of(const std::string& network) {
  const std::set<Layout> transformers{Layout::kJax, Layout::kHuggingFace, Layout::kTorchvision};
  if (network.starts_with("bit_v1")) return {Layout::kJax};
  if (network.starts_with("bit_v2")) return {Layout::kBigTransfer};
  if (network.starts_with("hybrid") || network == "vit_gap" || network == "timm_vit_map")
    return {Layout::kJax};
  if (network == "timm_vit_avg_fc_norm") return {};
  if (network == "timm_deit_distilled") return {Layout::kHuggingFace};
  if (network == "vit_pre_logits") return {Layout::kJax, Layout::kTorchvision};
  return transformers;
}

int64_t heads_of(const Json& json) {
  if (json.contains("heads")) return json.at("heads");
  return json.contains("config") ? json.at("config").value("num_heads", 0) : 0;
}

class ThereAndBack : public testing::TestWithParam<fs::path> {};

TEST_P(ThereAndBack, IsBitEqual) {
  const TensorFile file(GetParam());
  const NamedTensors ours = below(file, "param/");
  const std::string network = GetParam().stem();
  if (ours.empty() || network.starts_with("big_vision")) GTEST_SKIP() << "not under our names";
  const int64_t heads = heads_of(json_of(file));
  for (const Layout layout : kOthers) {
    if (!homes_of(network).contains(layout)) {
      EXPECT_NE(refusal(ours, layout, {.heads = heads}), "") << static_cast<int>(layout);
      continue;
    }
    const NamedTensors theirs = export_weights(ours, layout, {.heads = heads});
    EXPECT_EQ(recognise_layout(theirs), layout);
    const Weights back = import_weights(theirs, network);
    expect_equal(back.tensors, ours);
    if (layout == Layout::kJax) {
      EXPECT_EQ(back.heads, heads);
    }
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ThereAndBack);
INSTANTIATE_TEST_SUITE_P(Files, ThereAndBack,
                         testing::ValuesIn(golden_files("models", "", ".safetensors")),
                         [](const auto& info) { return test_name(info.param.stem().string()); });

// The published archive itself comes out again.
TEST(Export, EqualsThePublishedArchives) {
  for (const auto& [golden, heads] :
       {std::pair{"vit_token", 4}, {"vit_gap", 0}, {"bit_v2_two_stages", 0}, {"hybrid", 0}}) {
    const fs::path file = golden_dir() / "models" / (std::string(golden) + ".safetensors");
    if (!fs::exists(file)) continue;
    const TensorFile tensors(file);
    const bool bit = std::string(golden).starts_with("bit");
    NamedTensors expected = read_npz(golden_dir() / "npz" / (std::string(golden) + ".npz"));
    for (auto& [name, tensor] : expected) {  // (1, 1, 1, C) in old files
      if (name.find("gn") != std::string::npos && tensor.dim() == 4) tensor = tensor.flatten();
    }
    expect_equal(export_weights(below(tensors, "param/"), bit ? Layout::kBigTransfer : Layout::kJax,
                                {.heads = heads_of(json_of(tensors))}),
                 expected);
  }
}

// ---- big_vision

TEST(BigVision, FormOfExport) {
  const TensorFile file(golden_dir() / "models" / "timm_vit_map.safetensors");
  const NamedTensors map = export_weights(below(file, "param/"), Layout::kJax, {.heads = 4});
  EXPECT_NE(find_tensor(map, "params/MAPHead_0/probe"), nullptr);
  EXPECT_NE(find_tensor(map, "params/pos_embedding"), nullptr);
  EXPECT_NE(find_tensor(map, "params/Transformer/encoderblock_1/MlpBlock_0/Dense_1/bias"), nullptr);

  // The class token's position is added to the class token, whose entry then is zero.
  const NamedTensors ours = network_of("vit_token");
  const Weights back = import_weights(
      export_weights(ours, Layout::kJax, {.heads = 4, .jax = JaxForm::kBigVision}), "big_vision");
  const at::Tensor positions = *find_tensor(ours, "pos_embed"),
                   again = *find_tensor(back.tensors, "pos_embed");
  EXPECT_EQ(max_abs(again.slice(1, 0, 1)), 0.0);
  EXPECT_TRUE(at::equal(again.slice(1, 1), positions.slice(1, 1)));
  EXPECT_TRUE(at::equal(*find_tensor(back.tensors, "cls_token"),
                        *find_tensor(ours, "cls_token") + positions.slice(1, 0, 1)));
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

TEST(Export, SaysWhatHasNoPlace) {
  NamedTensors scaled = network_of("vit_token");
  scaled.push_back({"blocks.0.ls1.gamma", at::ones({32})});
  for (const Layout layout : {Layout::kJax, Layout::kHuggingFace, Layout::kTorchvision}) {
    EXPECT_THAT(refusal(scaled, layout, {.heads = 4}),
                HasSubstr("has no place for blocks.0.ls1.gamma: layer scale"));
  }
  EXPECT_THAT(refusal(network_of("timm_deit_distilled"), Layout::kJax, {.heads = 4}),
              HasSubstr("dist_token: a distillation token"));
  EXPECT_THAT(refusal(network_of("vit_gap"), Layout::kTorchvision), HasSubstr("class token"));
  EXPECT_THAT(refusal(network_of("vit_token"), Layout::kBigTransfer),
              HasSubstr("big_transfer (pre-activation ResNets) has no place for"));
}

// A class token without a position is one with a zero position.
TEST(Export, ClassTokenWithoutPosition) {
  NamedTensors ours = network_of("vit_token");
  for (auto& [name, tensor] : ours) {
    if (name == "pos_embed") tensor = tensor.slice(1, 1);
  }
  for (const Layout layout : {Layout::kJax, Layout::kHuggingFace, Layout::kTorchvision}) {
    const Weights back = import_weights(export_weights(ours, layout, {.heads = 4, .patches = 16}),
                                        "no class position");
    const at::Tensor positions = *find_tensor(back.tensors, "pos_embed");
    EXPECT_EQ(positions.size(1), 17);
    EXPECT_EQ(max_abs(positions.slice(1, 0, 1)), 0.0);
  }
}

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

// ---- key lists of the official networks

Json zoo_section(const std::string& name) {
  std::ifstream stream(golden_dir() / "zoo.json");
  return stream ? Json::parse(stream).value(name, Json::object()) : Json::object();
}

// "ViT-B_16@224-C21843-pre_logits" and the like -> one of our presets.
std::unique_ptr<Model> official(const std::string& key, int64_t classes, int64_t& heads) {
  std::string name = key.substr(0, key.find_first_of("@"));
  if (const size_t suffix = name.find("-C"); suffix != std::string::npos) name.erase(suffix);
  const bool gap = name.find("-gap") != std::string::npos,
             map = name.find("-map") != std::string::npos,
             hidden = key.ends_with("-pre_logits") || name.ends_with("-rep");
  for (const char* suffix : {"-gap-norep", "-gap", "-map", "-tok-rep"}) {
    if (name.ends_with(suffix)) name.erase(name.size() - std::string(suffix).size());
  }
  std::ranges::replace(name, '_', '/');
  if (!Models::catalog().contains(name)) name = "ViT-" + name;
  if (!Models::catalog().contains(name)) return nullptr;
  auto section = Models::catalog().make(name);
  if (auto* config = section.mutate<VitConfig>()) {
    if (gap) config->pooling = Pooling::kMean;
    if (map) config->pooling = Pooling::kAttention;
    if (hidden) config->representation_size = config->width;
    heads = config->heads;
  }
  return section.build({.classes = classes, .allocation = Allocation::kShapesOnly});
}

using Shapes = std::map<std::string, std::vector<int64_t>>;

void expect_keys(const std::string& section, const ExportOptions& form, int64_t at_least) {
  int64_t compared = 0;
  const Json zoo = zoo_section(section);
  for (const auto& [key, entry] : zoo.items()) {
    Shapes expected, got;
    for (const Json& pair : entry.at("npz_keys"))
      expected[pair[0]] = pair[1].get<std::vector<int64_t>>();
    ExportOptions options = form;
    const auto model = official(key, expected.at("head/bias").front(), options.heads);
    if (model == nullptr) {
      std::printf("no preset for %s\n", key.c_str());
      continue;
    }
    for (const auto& [name, tensor] : export_weights(state_dict(*model), Layout::kJax, options)) {
      EXPECT_TRUE(tensor.is_meta());
      got[name.starts_with("params/") ? name.substr(7) : name] = tensor.sizes().vec();
    }
    EXPECT_EQ(got, expected) << key;
    ++compared;
  }
  if (!zoo.empty()) {
    EXPECT_GE(compared, at_least);
  }
}

TEST(OfficialKeys, VitJax) { expect_keys("flax_vit", {}, 8); }
TEST(OfficialKeys, BigVisionVit) {
  expect_keys("flax_big_vision_vit", {.jax = JaxForm::kBigVision}, 3);
}
TEST(OfficialKeys, BigVisionResNets) { expect_keys("flax_bit_v1", {}, 3); }

}  // namespace
}  // namespace vit::test
