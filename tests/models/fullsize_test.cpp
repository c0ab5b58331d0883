// Full-size networks with weights made by a formula (README of the golden folder): logits, features
// and gradient norms.
#include "models/golden_model.hpp"
#include "support/golden.hpp"

#include <gtest/gtest.h>

namespace vit::test {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

uint64_t hash_of(const std::string& name) {  // FNV-1a
  uint64_t h = 0xcbf29ce484222325;
  for (const unsigned char c : name) h = (h ^ c) * 0x100000001b3;
  return h;
}

// scale * u(i) + offset, u in [-1, 1).
void fill_by_formula(const at::Tensor& tensor, const std::string& name, uint64_t seed, float scale,
                     float offset) {
  float* out = tensor.data_ptr<float>();
  const uint64_t start = hash_of(name) + seed * kGolden + kGolden;
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    uint64_t z = start + static_cast<uint64_t>(i) * 0xD1342543DE82EF95;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z = z ^ (z >> 31);
    const float u = static_cast<float>(z >> 40) * 0x1p-23F - 1.0F;
    out[i] = offset + scale * u;
  }
}

void fill_parameter(const at::Tensor& tensor, const std::string& name, uint64_t seed) {
  if (name == "cls_token" || name == "pos_embed" || name == "dist_token") {
    return fill_by_formula(tensor, name, seed, 0.04F, 0.0F);
  }
  if (tensor.dim() == 1) {
    const bool weight = name.ends_with(".weight");
    return fill_by_formula(tensor, name, seed, weight ? 0.1F : 0.05F, weight ? 1.0F : 0.0F);
  }
  const auto fan_in = static_cast<double>(tensor.numel() / tensor.size(0));
  fill_by_formula(tensor, name, seed, static_cast<float>(std::sqrt(3.0 / fan_in)), 0.0F);
}

fs::path file_path() { return golden_dir() / "fullsize.safetensors"; }

class FullSize : public testing::TestWithParam<std::string> {};

void expect_same_features(const KeepTaps& taps, const TensorFile& file, const Json& expected,
                          const std::string& model) {
  const at::Tensor norms = file.tensor(model + "/feature_l2"),
                   starts = file.tensor(model + "/feature_first16");
  for (size_t i = 0; i < expected.at("features").size(); ++i) {
    const std::string name = expected.at("features")[i];
    ASSERT_TRUE(taps.values.contains(name)) << name;
    const at::Tensor& value = taps.values.at(name);
    const auto norm = norms[static_cast<int64_t>(i)].item<double>();
    EXPECT_NEAR(value.norm().item<double>(), norm, 1e-4 * norm) << name;
    EXPECT_LE(distance(value.flatten().slice(0, 0, 16), starts[static_cast<int64_t>(i)]), 1e-3)
        << name;
  }
}

// What convolutions and group norms do to gradients: the reference's own float32 and float64 differ
// by up to 6e-3 in the norm of a gradient, and by up to 3e-2 in single values.
struct GradTolerance {
  double norm = 1e-3, value = 1e-3;  // relative
};
GradTolerance grad_tolerance(const Pass& pass) {
  const bool is_convolutional = std::ranges::any_of(
      pass.grads, [](const auto& entry) { return entry.first.find("conv") != std::string::npos; });
  return is_convolutional ? GradTolerance{.norm = 2e-2, .value = 5e-2} : GradTolerance{};
}

// Returns the largest relative difference of the norms.
double expect_same_grads(const Pass& pass, const TensorFile& file, const Json& expected,
                         const std::string& model) {
  const GradTolerance allowed = grad_tolerance(pass);
  const at::Tensor norms = file.tensor(model + "/grad_l2"),
                   samples = file.tensor(model + "/grad_samples");
  double worst = 0;
  for (size_t i = 0; i < expected.at("parameter_order").size(); ++i) {
    const std::string name = expected.at("parameter_order")[i];
    const at::Tensor grad = pass.grads.at(name).flatten();
    const auto row = static_cast<int64_t>(i);
    const auto norm = norms[row].item<double>();
    const double off = std::abs(grad.norm().item<double>() - norm) / norm;
    EXPECT_LE(off, allowed.norm) << name;
    worst = std::max(worst, off);
    const int64_t n = grad.numel();
    const double scale = norm / std::sqrt(static_cast<double>(n)) + max_abs(samples[row]);
    const double tolerance = allowed.value * scale + 1e-7;
    for (const auto& [column, index] :
         {std::pair{0, int64_t{0}}, {1, n / 3}, {2, n / 2}, {3, n - 1}}) {
      EXPECT_NEAR(grad[index].item<double>(), samples[row][column].item<double>(), tolerance)
          << name;
    }
  }
  return worst;
}

TEST_P(FullSize, EqualsTimm) {
  const std::string name = GetParam();
  if (!Models::catalog().contains(name)) GTEST_SKIP() << "no preset for " << name << " yet";
  const TensorFile file(file_path());
  const Json expected = json_of(file).at("models").at(name);
  const auto seed = expected.at("seed").get<uint64_t>();

  const auto model = Models::catalog().make(name).build({.classes = 1000});
  double sum_abs = 0;
  for (const auto& [parameter, tensor] : model->parameters()) {
    fill_parameter(tensor, parameter, seed);
    sum_abs += tensor.detach().abs().sum(at::kDouble).item<double>();
  }
  EXPECT_EQ(parameter_count(*model), expected.at("parameters").get<int64_t>());
  EXPECT_NEAR(sum_abs, expected.at("sum_abs_weights").get<double>(), 1e-6 * sum_abs);

  const int64_t side = expected.at("resolution");
  const at::Tensor images = at::empty({2, 3, side, side}, at::kFloat);
  fill_by_formula(images, "input", seed, 1.0F, 0.0F);
  const at::Tensor labels = at::tensor(expected.at("labels").get<std::vector<int64_t>>());

  KeepTaps taps;
  const bool with_grads = expected.at("gradients");
  Pass pass;
  if (with_grads) {
    pass = run_pass(*model, images, labels, &taps);
  } else {
    const NoGrad no_gradients;
    pass.logits = model->forward(images, Mode::kEval, &taps);
    pass.loss = at::cross_entropy_loss(pass.logits, labels);
  }
  const at::Tensor logits = file.tensor(name + "/logits");
  Parity parity{.logits = distance(pass.logits, logits),
                .loss = distance(pass.loss, file.tensor(name + "/loss"))};
  EXPECT_LE(parity.logits, 2e-4 + 1e-4 * max_abs(logits));
  EXPECT_LE(parity.loss, 2e-4);
  expect_same_features(taps, file, expected, name);
  if (with_grads) parity.grads = expect_same_grads(pass, file, expected, name);
  parity.print(name + " (gradient: relative L2)");
}

std::vector<std::string> models() {
  std::vector<std::string> names;
  if (!fs::exists(file_path())) return names;
  const Json json = json_of(TensorFile(file_path()));
  for (const auto& [name, entry] : json.at("models").items()) names.push_back(name);
  return names;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FullSize);
INSTANTIATE_TEST_SUITE_P(Models, FullSize, testing::ValuesIn(models()),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace vit::test
