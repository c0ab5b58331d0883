// Losses and their gradients against PyTorch, timm and big_vision.
#include "vit/runtime/tensor_file.hpp"

#include "sections.hpp"
#include "support/golden.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

namespace vit {
namespace {

// A loss of the golden file, said in our words.
struct Equivalent {
  const char* golden;
  const char* keys;
  const char* targets;
};
constexpr Equivalent kEquivalents[] = {
    {"softmax_ce", "name: softmax", "labels"},
    {"softmax_ce_smooth_0.1", "name: softmax, label_smoothing: 0.1", "labels"},
    {"softmax_ce_smooth_0.0001", "name: softmax, label_smoothing: 0.0001", "labels"},
    {"timm_label_smoothing_0.1", "name: softmax, label_smoothing: 0.1", "labels"},
    {"big_vision_softmax_xent", "name: softmax", "labels"},
    {"soft_target_ce", "name: softmax", "soft_targets"},
    {"big_vision_softmax_xent_soft", "name: softmax", "soft_targets"},
    {"big_vision_sigmoid_xent", "name: sigmoid", "labels"},
    {"big_vision_sigmoid_xent_smooth_on_off_1e-4", "name: sigmoid, label_smoothing: 0.0001",
     "labels"},
    {"big_vision_sigmoid_xent_multi_hot", "name: sigmoid", "multi_hot"},
    {"torch_bce_sum_classes_mean_batch", "name: sigmoid", "labels"},
};

std::set<std::string> cases_of(const TensorFile& file) {
  std::set<std::string> cases;
  for (const std::string& name : file.names()) {
    if (name.ends_with("/logits")) cases.insert(name.substr(0, name.size() - 7));
  }
  return cases;
}

TEST(Loss, golden_values_and_gradients) {
  const TensorFile file(test::golden_dir() / "losses.safetensors");
  const auto cases = cases_of(file);
  ASSERT_FALSE(cases.empty());
  for (const std::string& name : cases) {
    for (const auto& [golden, keys, targets] : kEquivalents) {
      const std::string place = name + "/" + golden;
      if (!file.contains(place + "/loss")) continue;
      SCOPED_TRACE(place);
      const auto loss = test::section<LossSection>(keys).build();
      const at::Tensor logits = file.tensor(name + "/logits").clone().set_requires_grad(true);
      const at::Tensor value = (*loss)(logits, file.tensor(name + "/" + targets));
      value.backward();
      const double want = file.tensor(place + "/loss").item<double>();
      EXPECT_NEAR(value.item<double>(), want, 1e-5 * std::abs(want));
      EXPECT_LE((logits.grad() - file.tensor(place + "/grad")).abs().max().item<double>(), 1e-6);
    }
  }
}

TEST(Loss, every_entry_takes_classes_and_soft_targets_alike) {
  for (const std::string& name : Losses::catalog().names()) {
    for (const char* smoothing : {"0", "0.125"}) {
      SCOPED_TRACE(name + std::string(" smoothing ") + smoothing);
      const auto loss =
          test::section<LossSection>("name: " + name + ", label_smoothing: " + smoothing).build();
      const at::Tensor logits = at::randn({6, 4}), classes = at::randint(0, 4, {6}, at::kLong);
      const double hard = (*loss)(logits, classes).item<double>();
      const double soft = (*loss)(logits, at::one_hot(classes, 4).to(at::kFloat)).item<double>();
      EXPECT_NEAR(hard, soft, 1e-5);
      EXPECT_GT(hard, 0);
    }
  }
}

TEST(Loss, bfloat16_logits_are_computed_in_float32) {
  for (const std::string& name : Losses::catalog().names()) {
    const auto loss = Losses::catalog().make(name).build();
    const at::Tensor logits = at::randn({6, 4}).to(at::kBFloat16),
                     classes = at::randint(0, 4, {6}, at::kLong);
    const at::Tensor value = (*loss)(logits, classes);
    EXPECT_EQ(value.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(value, (*loss)(logits.to(at::kFloat), classes)));
  }
}

}  // namespace
}  // namespace vit
