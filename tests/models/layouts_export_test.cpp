// Exporting to the names and layouts of other libraries: every golden network there and back, the
// published archives, the key lists of the official networks, transformers' config.json.
#include "vit/runtime/npz_file.hpp"

#include "models/families.hpp"
#include "models/layouts_support.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

namespace vit::test {
namespace {

using testing::HasSubstr;

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

// The golden networks under our names.
std::vector<fs::path> networks() {
  std::vector<fs::path> files = golden_files("models", "", ".safetensors");
  std::erase_if(files, [](const fs::path& file) {
    const std::string name = file.stem();
    return name.starts_with("big_vision_") || name.starts_with("names_");
  });
  return files;
}

class ThereAndBack : public testing::TestWithParam<fs::path> {};

TEST_P(ThereAndBack, IsBitEqual) {
  const TensorFile file(GetParam());
  const NamedTensors ours = below(file, "param/");
  const std::string network = GetParam().stem();
  const int64_t heads = heads_of(json_of(file));
  for (const Layout layout : kOthers) {
    if (!homes_of(network).contains(layout)) {
      EXPECT_NE(export_refusal(ours, layout, {.heads = heads}), "") << static_cast<int>(layout);
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
INSTANTIATE_TEST_SUITE_P(Files, ThereAndBack, testing::ValuesIn(networks()),
                         [](const auto& info) { return test_name(info.param.stem().string()); });

// The published archive itself comes out again.
TEST(Export, EqualsThePublishedArchives) {
  for (const char* golden : {"vit_token", "vit_gap", "bit_v2_two_stages", "hybrid"}) {
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

// ---- what does not fit

TEST(Export, SaysWhatHasNoPlace) {
  NamedTensors scaled = network_of("vit_token");
  scaled.push_back({"blocks.0.ls1.gamma", at::ones({32})});
  for (const Layout layout : {Layout::kJax, Layout::kHuggingFace, Layout::kTorchvision}) {
    EXPECT_THAT(export_refusal(scaled, layout, {.heads = 4}),
                HasSubstr("has no place for blocks.0.ls1.gamma: layer scale"));
  }
  EXPECT_THAT(export_refusal(network_of("timm_deit_distilled"), Layout::kJax, {.heads = 4}),
              HasSubstr("dist_token: a distillation token"));
  EXPECT_THAT(export_refusal(network_of("vit_gap"), Layout::kTorchvision),
              HasSubstr("class token"));
  EXPECT_THAT(export_refusal(network_of("vit_token"), Layout::kBigTransfer),
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

// ---- config.json

std::string config_refusal(const VitConfig& config) {
  const auto model =
      build_vision_transformer(config, {.classes = 3, .allocation = Allocation::kShapesOnly});
  try {
    huggingface_config(config, *model, {});
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

TEST(HuggingFaceConfig, DescribesTheNetwork) {
  VitConfig config{.image = {64, 32}, .patch = square(8), .width = 32, .depth = 2, .heads = 4};
  config.gelu = Gelu::kTanh;
  const auto json_for = [&](int64_t classes, const std::vector<std::string>& names) {
    const auto model = build_vision_transformer(
        config, {.classes = classes, .channels = 1, .allocation = Allocation::kShapesOnly});
    return Json::parse(huggingface_config(config, *model, names));
  };
  const Json json = json_for(2, {"cat", "dog"});
  EXPECT_EQ(json.at("architectures"), Json::array({"ViTForImageClassification"}));
  EXPECT_EQ(json.at("image_size"), Json::array({64, 32}));
  EXPECT_EQ(json.at("patch_size"), 8);
  EXPECT_EQ(json.at("num_channels"), 1);
  EXPECT_EQ(json.at("intermediate_size"), 128);
  EXPECT_EQ(json.at("hidden_act"), "gelu_pytorch_tanh");
  EXPECT_EQ(json.at("layer_norm_eps"), 1e-6);
  EXPECT_EQ(json.at("id2label"), Json({{"0", "cat"}, {"1", "dog"}}));
  EXPECT_EQ(json.at("label2id"), Json({{"cat", 0}, {"dog", 1}}));
  EXPECT_EQ(json_for(2, {}).at("id2label").at("1"), "LABEL_1");
  config.representation_size = 16;
  EXPECT_EQ(json_for(0, {}).at("architectures")[0], "ViTModel");
  EXPECT_EQ(json_for(0, {}).at("pooler_output_size"), 16);
  config.representation_size = 0;
  config.distilled = true;
  EXPECT_EQ(json_for(2, {}).at("model_type"), "deit");
}

TEST(HuggingFaceConfig, RefusesInWords) {
  const VitConfig plain{
      .image = square(32), .patch = square(8), .width = 32, .depth = 1, .heads = 4};
  EXPECT_EQ(config_refusal(plain), "");
  const auto with = [&](auto change) {
    VitConfig config = plain;
    change(config);
    return config_refusal(config);
  };
  EXPECT_THAT(with([](VitConfig& c) { c.pooling = Pooling::kMean; }), HasSubstr("model.pooling"));
  EXPECT_THAT(with([](VitConfig& c) { c.layer_scale = 1e-5; }), HasSubstr("model.layer_scale"));
  EXPECT_THAT(with([](VitConfig& c) { c.representation_size = 8; }),
              HasSubstr("model.representation_size"));
  EXPECT_THAT(with([](VitConfig& c) { c.position_embedding = PositionEmbedding::kRelative; }),
              HasSubstr("model.position_embedding"));
  EXPECT_THAT(with([](VitConfig& c) { c.position_placement = PositionPlacement::kSharedLayers; }),
              HasSubstr("model.position_placement"));
  EXPECT_THAT(with([](VitConfig& c) {
                c.trunk = TrunkConfig{.layers = {}, .width = 0.5};
                c.patch = square(1);
              }),
              HasSubstr("model.trunk"));
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
