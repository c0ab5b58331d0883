// The augmentation operators against Pillow, timm and TensorFlow.
#include "data/transforms/blur.hpp"
#include "data/transforms/operators.hpp"
#include "tensor_goldens.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace vit::detail {
namespace {

using test::Json;

Operator operator_of(const std::string& name) {
  static const std::map<std::string, Operator> kinds = {
      {"autocontrast", Operator::kAutocontrast},
      {"equalize", Operator::kEqualize},
      {"invert", Operator::kInvert},
      {"rotate", Operator::kRotate},
      {"posterize", Operator::kPosterize},
      {"solarize", Operator::kSolarize},
      {"solarize_add", Operator::kSolarizeAdd},
      {"color", Operator::kColor},
      {"contrast", Operator::kContrast},
      {"brightness", Operator::kBrightness},
      {"sharpness", Operator::kSharpness},
      {"shear_x", Operator::kShearX},
      {"shear_y", Operator::kShearY},
      {"translate_x", Operator::kTranslateX},
      {"translate_y", Operator::kTranslateY},
      {"translate_x_rel", Operator::kTranslateXRel},
      {"translate_y_rel", Operator::kTranslateYRel},
  };
  return kinds.at(name);
}

// The one parameter that is neither filter nor colour.
Operation operation_of(const Json& entry) {
  Operation operation{operator_of(entry.at("op")), 0};
  for (const char* name :
       {"bits", "threshold", "add", "factor", "degrees", "level", "pixels", "fraction"}) {
    if (name == std::string("threshold") && operation.kind == Operator::kSolarizeAdd) continue;
    if (entry.at("params").contains(name)) operation.argument = entry.at("params").at(name);
  }
  return operation;
}

OperatorStyle pillow_style(const Json& entry) {
  OperatorStyle style;
  const std::string filter = entry.at("params").value("resample", "nearest");
  for (auto [name, value] : enum_names(OperatorFilter{})) {
    if (filter == name) style.filter = value;
  }
  return style;
}

Image pillow_result(const Json& entry, Image image) {
  if (entry.at("op") == "cutout") {
    const Json& p = entry.at("params");
    cut_out(image, {p.at("center_y"), p.at("center_x")}, p.at("pad"), {128, 128, 128});
    return image;
  }
  return apply_operation(std::move(image), operation_of(entry), pillow_style(entry), Random(0));
}

// Point operations and nearest neighbour are exact. So are Pillow's bilinear and bicubic here,
// whose polynomials are ours; a level is left to other compilers.
TEST(AugmentOperators, EqualPillows) {
  const test::PictureTensors pictures("augment.safetensors");
  const Json entries = Json::parse(read_text(test::golden_dir() / "augment_ops.json")).at("ops");
  for (const Json& entry : entries) {
    SCOPED_TRACE(entry.dump());
    const std::string filter = entry.at("params").value("resample", "nearest");
    const Image result =
        pillow_result(entry, pictures.image("input/" + entry.at("input").get<std::string>()));
    EXPECT_LE(test::largest_difference(result, pictures.image(entry.at("key"))),
              filter == "nearest" ? 0 : 1);
  }
  EXPECT_GT(entries.size(), 150u);
}

double share_of_other_pixels(const Image& a, const Image& b) {
  EXPECT_EQ(a.extent(), b.extent());
  int64_t other = 0;
  for (int64_t i = 0; i < a.extent().area(); ++i) {
    const auto begin = static_cast<size_t>(i * a.channels);
    other += !std::equal(a.pixels.data() + begin, a.pixels.data() + begin + a.channels,
                         b.pixels.data() + begin);
  }
  return static_cast<double>(other) / static_cast<double>(a.extent().area());
}

// Point operations exact; of geometric ones single pixels may differ, half-way between two others.
TEST(AugmentOperators, EqualTensorflows) {
  const test::PictureTensors pictures("tensorflow_image.safetensors");
  const OperatorStyle style{Arithmetic::kTensorflow, OperatorFilter::kNearest, {128, 128, 128}};
  int compared = 0;
  const Json metadata = pictures.metadata();
  for (const Json& entry : metadata.at("entries")) {
    const std::string key = entry.value("key", "");
    if (!key.starts_with("randaug/")) continue;
    SCOPED_TRACE(key + " " + entry.at("params").dump());
    const Operation operation = operation_of(entry);
    const Image image = pictures.image("input/" + entry.at("input").get<std::string>());
    const Image result = apply_operation(image, operation, style, Random(0));
    const std::string implementation = entry.at("implementation");
    const bool geometric = implementation.find("ProjectiveTransform") != std::string::npos;
    EXPECT_LE(share_of_other_pixels(result, pictures.image(key)), geometric ? 0.005 : 0.0);
    ++compared;
  }
  EXPECT_EQ(compared, 64);
}

// ---- digests of what Pillow 13 and torchvision 0.26 make of the same pictures

struct Digest {
  const char* input;
  double argument;
  const char* sha256;
};

TEST(AugmentOperators, BlurAsPillow) {
  const test::PictureTensors pictures("augment.safetensors");
  for (const Digest& expected : std::vector<Digest>{
           {"photo", 0.1, "aa20b59c5c97b5203522c61a354669c5d6913bd37a9ec28ca0acf1d5bed92ba2"},
           {"photo", 0.7, "8e8db27d0abda8fb9397d6a94231440e83920b03826ae654b3711c2b32eee23c"},
           {"photo", 1.3, "f33761d24162d6269b98bfdd3266c23d1be0f97d63fff365639f79afd95a277d"},
           {"photo", 2.0, "26b7bfdf8bd8c6729fab002fff81bb100ec615b0f09d5137542276c1bdd72529"},
           {"photo", 25.0, "9b617d90bbb53df59ea9c63ea716ce16e55e188d5616cbc8d7a635fef10eba5b"},
           {"dark", 0.1, "9b9c80c03d8840ae6eb7297aecf45b3b5a6a5a8365bfcdc11e2b14cd6ec6649a"},
           {"dark", 0.7, "ecd7b9e628c6d93b47551b164e7a4a0d7d87fce9537846d6cd8ea9e9003c7465"},
           {"dark", 1.3, "745b6d3cd49354fe5a55b37cfaa3d610f695532749c88bcdf3a4a9f63d379026"},
           {"dark", 2.0, "d32801bb60dd7e8fcdee659123a9a1857fcf32a0c80878c5b4c2c069949219d9"},
           {"dark", 25.0, "a585f5deca113506129af5d67b1a206260b7a3db2f0f8118894dd72e8f0272ce"},
       }) {
    Image image = pictures.image(std::string("input/") + expected.input);
    gaussian_blur(image, static_cast<float>(expected.argument));
    EXPECT_EQ(test::rgb_digest(image), expected.sha256) << expected.input << expected.argument;
  }
}

TEST(AugmentOperators, TurnTheHueAsTorchvision) {
  const test::PictureTensors pictures("augment.safetensors");
  for (const Digest& expected : std::vector<Digest>{
           {"photo", -0.5, "ba815500ce5fbe6bdcc0326d305493e0c3dd12908de9cfb2cd6bcf5d013f2bd0"},
           {"photo", -0.1, "9e7466e54901a76055acb4133bb706c6b045c4c81b2e0b91f4b517f855cc6b86"},
           {"photo", 0.02, "a64755da625944c28d05a754b5ad3097dbc70248dcf9a30e19ba265a3e911ad4"},
           {"photo", 0.25, "860a61dcab114e2209c67f8a957dc289253388f66d170e9ea908e0d135763e58"},
           {"photo", 0.5, "38469142d87f9460a528738d287176c25e06431f714821573f921b99ea21539d"},
           {"ramp", -0.5, "8bc3585c601652901e78b7a365415c7dbe776b10939439c6933d9492cbb15c31"},
           {"ramp", -0.1, "2890919102158b31a1908a6dae92b922a9b032896131c5bebce0d34092ca2b53"},
           {"ramp", 0.02, "b9fafdc2279e4951949de2d91d7280e565b1852f4e18785e5dd8c6d0fc79863c"},
           {"ramp", 0.25, "92227d2d2f8fa2ab4c546d6d78a4987b3088ea36e9553d10d337020bd61cac9e"},
           {"ramp", 0.5, "a7879fb80b89b7c8d1778f912e69e4087756f3a8130807a83169e54bf320fee3"},
       }) {
    Image image = pictures.image(std::string("input/") + expected.input);
    shift_hue(image, expected.argument);
    EXPECT_EQ(test::rgb_digest(image), expected.sha256) << expected.input << expected.argument;
  }
}

TEST(AugmentOperators, TakeColoursAwayAsTorchvision) {
  const test::PictureTensors pictures("augment.safetensors");
  for (const auto& [input, sha256] : std::map<std::string, std::string>{
           {"input/photo", "ea5c2e4403085f20314065f6750b19a350e201c50bebf4165af6dd8cdeea7ab2"},
           {"input/dark", "471f38a419e68f68d0e95f9df71633745ee183e35783f191f2a026135680aae8"}}) {
    Image image = pictures.image(input);
    grayscale(image);
    EXPECT_EQ(test::rgb_digest(image), sha256) << input;
  }
}

// ---- levels

std::set<int64_t> millionths(const Json& arguments) {
  std::set<int64_t> all;
  for (const Json& one : arguments)
    all.insert(one.empty() ? 0 : std::llround(one.at(0).get<double>() * 1e6));
  return all;
}

std::set<int64_t> drawn(const LeveledOperator& op, double level) {
  std::set<int64_t> all;
  for (uint64_t key = 0; key < 64; ++key) {
    Random random = Random(3).at(key);
    all.insert(std::llround(op.at(level, random).argument * 1e6));
  }
  return all;
}

TEST(AugmentLevels, EqualTimms) {
  const Json table =
      Json::parse(read_text(test::golden_dir() / "augment_ops.json")).at("timm_level_to_arg");
  for (const auto& [name, levels] : table.items()) {
    for (const auto& [level, arguments] : levels.items())
      EXPECT_EQ(drawn(timm_operator(name), std::stod(level)), millionths(arguments))
          << name << level;
  }
  EXPECT_GT(table.size(), 10u);
}

TEST(AugmentLevels, EqualBigVisions) {
  const Json table =
      test::PictureTensors("tensorflow_image.safetensors").metadata().at("randaug_level_to_arg");
  for (const auto& [level, operators] : table.items()) {
    EXPECT_EQ(operators.size(), big_vision_operators().size());
    for (const LeveledOperator& op : big_vision_operators()) {
      EXPECT_EQ(drawn(op, std::stod(level)), millionths(operators.at(std::string(op.name))))
          << op.name << " " << level;
    }
  }
}

}  // namespace
}  // namespace vit::detail
