#include "vit/train/evaluator.hpp"

#include "vit/core/files.hpp"
#include "vit/runtime/tensor_file.hpp"

#include "support/golden.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace vit {
namespace {

TEST(CountCorrect, TiesGoToTheLowestClass) {
  const at::Tensor logits = at::tensor({1.0f, 1.0f, 0.0f, 1.0f, 1.0f, 0.0f}).view({2, 3});
  const at::Tensor counts = count_correct(logits, at::tensor({int64_t{1}, int64_t{0}}));
  EXPECT_EQ(counts[0].item<int64_t>(), 1);  // row 0: class 0 comes first; row 1: class 0 is first
  EXPECT_EQ(counts[1].item<int64_t>(), 2);
}

TEST(CountCorrect, NoNumberIsWrongAndNoLabelIsLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor logits = at::tensor({nan, 0.0f, 5.0f, 0.0f}).view({2, 2});
  const at::Tensor counts = count_correct(logits, at::tensor({int64_t{0}, int64_t{-1}}));
  EXPECT_EQ(counts[0].item<int64_t>(), 0);
  EXPECT_EQ(counts[1].item<int64_t>(), 0);
}

// The counts of the reference implementations under the rule "lowest index first", for every case
// of metrics.json.
TEST(CountCorrect, EqualsTheReferenceCounts) {
  const auto json = nlohmann::json::parse(read_text(test::golden_dir() / "metrics.json"));
  const TensorFile tensors(test::golden_dir() / "metrics.safetensors");
  int cases = 0;
  for (const auto& entry : json.at("topk")) {
    const std::string name = "topk/" + entry.at("name").get<std::string>();
    ASSERT_TRUE(tensors.contains(name + "/logits")) << name;
    const at::Tensor counts = count_correct(tensors.tensor(name + "/logits").to(at::kFloat),
                                            tensors.tensor(name + "/labels"));
    EXPECT_EQ(counts[0].item<int64_t>(), entry.at("top1").at("lowest_index_first").get<int64_t>())
        << name;
    EXPECT_EQ(counts[1].item<int64_t>(), entry.at("top5").at("lowest_index_first").get<int64_t>())
        << name;
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace vit
