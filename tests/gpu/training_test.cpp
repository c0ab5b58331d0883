// The same steps on the CPU and on a CUDA device. Skipped, with a word, where there is none.
#include "vit/config/document.hpp"
#include "vit/runtime/device.hpp"
#include "vit/train/assemble.hpp"
#include "vit/train/evaluator.hpp"
#include "vit/train/update.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace vit {
namespace {

RunConfig smoke(const std::vector<std::string>& sets) {
  config::Document document = config::Document::from_file(
      (std::filesystem::path(VIT_SOURCE_DIR) / "configs" / "smoke.yaml").string());
  document.set("model.dropout=0").set("model.stochastic_depth=0");
  for (const std::string& assignment : sets) document.set(assignment);
  return read_run_config(document);
}

at::Tensor weights_after(const std::vector<std::string>& sets, int64_t steps) {
  const auto parts = assemble(smoke(sets));
  const auto batches = training_batches(*parts);
  FiniteGuard guard(parts->device);
  for (int64_t step = 0; step < steps; ++step) update_weights(*parts, *batches, guard, step);
  EXPECT_EQ(guard.first_bad_step(), -1);
  return parts->parameters->values().cpu();
}

class OnCuda : public testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device here";
  }
};

TEST_F(OnCuda, FiveStepsOfAdamAreCloseToTheCpu) {
  const at::Tensor cpu = weights_after({"device=cpu"}, 5), cuda = weights_after({"device=cuda"}, 5);
  EXPECT_LT((cpu - cuda).abs().max().item<double>(),
            2e-3);  // Adam turns rounding noise of zero gradients into whole steps
}

TEST_F(OnCuda, FiveStepsOfSgdAreCloseToTheCpu) {
  const std::string sgd = "optimizer={name: sgd}";
  const at::Tensor cpu = weights_after({"device=cpu", sgd}, 5),
                   cuda = weights_after({"device=cuda", sgd}, 5);
  EXPECT_LT((cpu - cuda).abs().max().item<double>(), 1e-5);
}

TEST_F(OnCuda, MixedStepsAreCloseToTheCpu) {
  for (const std::string mix : {"mix={name: mixup}", "mix={name: mixup_or_cutmix, per: element}"}) {
    const std::string sgd = "optimizer={name: sgd}";
    const at::Tensor cpu = weights_after({"device=cpu", sgd, mix}, 5),
                     cuda = weights_after({"device=cuda", sgd, mix}, 5);
    EXPECT_LT((cpu - cuda).abs().max().item<double>(), 1e-5) << mix;
  }
}

TEST_F(OnCuda, Bf16IsCloseToFp32) {
  const std::string sgd = "optimizer={name: sgd}";
  const at::Tensor fp32 = weights_after({"device=cuda", sgd}, 5),
                   bf16 = weights_after({"device=cuda", sgd, "precision=bf16"}, 5);
  const double apart = (fp32 - bf16).abs().max().item<double>();
  EXPECT_GT(apart, 0.0);
  EXPECT_LT(apart, 2e-2);
}

TEST_F(OnCuda, DeterministicRunsAreEqualBitForBit) {
  const std::vector<std::string> sets = {"device=cuda", "run.deterministic=true",
                                         "model.dropout=0.1"};
  EXPECT_TRUE(at::equal(weights_after(sets, 5), weights_after(sets, 5)));
}

TEST_F(OnCuda, EvaluationCountsEqualThoseOfTheCpu) {
  const auto cpu = assemble(smoke({"device=cpu", "model.head_zero_init=false"}));
  const auto cuda = assemble(smoke({"device=cuda", "model.head_zero_init=false"}));
  const Evaluation a = evaluate(*cpu->model, evaluation_plan(*cpu)),
                   b = evaluate(*cuda->model, evaluation_plan(*cuda));
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.top1_count, b.top1_count);
  EXPECT_NEAR(a.loss, b.loss, 1e-4);
}

}  // namespace
}  // namespace vit
